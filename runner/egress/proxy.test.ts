/** How the proxy parses: the target and the inner request must agree. Without a sandbox. */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectTcp } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test, vi } from "vitest";
import { sendRaw } from "../../test/kit/sandbox/open-proxy.ts";
import { get, ruleOf } from "../../test/kit/sandbox/proxy-servers.ts";
import { useProxyServers } from "../../test/kit/sandbox/proxy-suite.ts";

const { servers, served, open } = useProxyServers();

describe("plain requests", () => {
  test("are written again, without the headers of the connection", async () => {
    const { port, log } = await open();
    const answer = await sendRaw(
      port,
      get(
        "http://allowed.test/a?b=c",
        "Host: allowed.test",
        "Proxy-Authorization: Basic abc",
        "X-Mine: 1",
        "X-Dropped: 2",
        "Connection: X-Dropped",
        "TE: trailers",
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toContain("X-Of-Server: kept");
    expect(answer).toMatch(/served \/a\?b=c/);
    expect(served[0]?.headers).toEqual([
      ...["Host", "allowed.test", "X-Mine", "1", "Connection", "close"],
    ]);
    expect(log).toMatchObject([
      { host: "allowed.test", port: 80, verdict: "allowed", address: "93.184.215.14" },
    ]);
    expect(log[0]?.receivedBytes).toBeGreaterThan(50);
  });

  test("carry bodies of known and unknown length, one after the other", async () => {
    const { port } = await open();
    const chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    const head = (length: string) =>
      `POST http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n${length}`;
    const answer = await sendRaw(
      port,
      head(chunked),
      head("Content-Length: 3\r\n\r\nabc"),
      head("Connection: close\r\n\r\n"),
    );
    expect(answer.match(/HTTP\/1.1 200/g)).toHaveLength(3);
    expect(served.map(({ body }) => body)).toEqual(["hello", "abc", ""]);
  });

  test("of Node's client, with keep-alive, all pass", async () => {
    const { port } = await open();
    const options = { port, path: "http://allowed.test/x", headers: { host: "allowed.test" } };
    const [answer] = await once(httpRequest(options).end(), "response");
    expect(await text(answer)).toBe("served /x");
  });
});

describe("NET-2 names, addresses and what is said inside agree", () => {
  test.each([
    ["another host's name", get("http://allowed.test/", "Host: other.test"), "host_mismatch"],
    ["another port", get("http://allowed.test/", "Host: allowed.test:81"), "host_mismatch"],
    [
      "no port of the list",
      get("http://allowed.test:81/", "Host: allowed.test:81"),
      "port_not_allowed",
    ],
    [
      "a host that isn't allowed",
      get("http://other.test/", "Host: other.test"),
      "host_not_allowed",
    ],
    ["an address", get("http://93.184.215.14/", "Host: 93.184.215.14"), "address_not_allowed"],
    [
      "a name with credentials",
      get("http://allowed.test@other.test/", "Host: other.test"),
      "malformed_request",
    ],
    ["a path alone", get("/", "Host: allowed.test"), "malformed_request"],
    ["https in clear", get("https://allowed.test/", "Host: allowed.test"), "malformed_request"],
    [
      "two Host headers",
      get("http://allowed.test/", "Host: allowed.test", "Host: other.test"),
      undefined,
    ],
    ["no Host header", get("http://allowed.test/"), undefined],
  ])("%s is refused at once", async (_what, request, rule) => {
    const { port, dialled } = await open();
    const answer = await sendRaw(port, request);
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    if (rule !== undefined) expect(ruleOf(answer)).toBe(rule);
    expect([dialled, served]).toEqual([[], []]);
  });

  test("a refusal says how to go on, in its status line and its body", async () => {
    const { port } = await open();
    const answer = await sendRaw(port, get("http://other.test/", "Host: other.test"));
    expect(answer).toMatch(/^HTTP\/1.1 403 The network policy doesn't allow this host \(host_not/);
    const body = JSON.parse(answer.split("\r\n\r\n")[1] ?? "");
    expect(body).toMatchObject({ rule: "host_not_allowed", host: "other.test", port: 80 });
    expect(body.howToAllow).toContain('{"host":"other.test","ports":[80]}');
    // npm prints it.
    expect(body.error).toBe(`The network policy doesn't allow this host. ${body.howToAllow}`);
  });

  test("a tunnel passes to the host it was opened to", async () => {
    const { port, log } = await open();
    expect(await servers.askSecurely(port, "allowed.test:443", "allowed.test")).toContain(
      "secure allowed.test",
    );
    await vi.waitFor(() => {
      expect(log).toMatchObject([{ method: "connect", verdict: "allowed", rule: null }]);
    }, 20_000);
  });

  test("a tunnel whose TLS names another host is cut, with an alert", async () => {
    const { port, log } = await open();
    const said = await servers.askSecurely(port, "allowed.test:443", "other.test");
    expect(said).toMatch(/access denied/);
    expect(log).toMatchObject([{ verdict: "refused", rule: "sni_mismatch", sentBytes: 0 }]);
  });

  test("a tunnel whose TLS has no server name is cut", async () => {
    const { port, log } = await open();
    expect(await servers.askSecurely(port, "allowed.test:443", "")).toMatch(/access denied/);
    expect(log).toMatchObject([{ verdict: "refused", rule: "sni_missing", sentBytes: 0 }]);
  });

  const tunnel = "CONNECT allowed.test:80 HTTP/1.1\r\nHost: allowed.test:80\r\n\r\n";

  test("plain HTTP inside a tunnel passes, also if it comes late", async () => {
    const { port } = await open();
    const client = connectTcp(port, "127.0.0.1").on("error", () => undefined);
    client.write(tunnel);
    await once(client, "data");
    client.write(get("/late", "Host: allowed.test"));
    expect(await text(client)).toContain("served /late");
  });

  test("plain HTTP inside a tunnel is read like any other", async () => {
    const { port, log } = await open();
    const fine = await sendRaw(port, tunnel + get("/inside", "Host: allowed.test"));
    expect(fine).toContain("served /inside");
    const other = await sendRaw(port, tunnel + get("/inside", "Host: other.test"));
    expect(ruleOf(other)).toBe("host_mismatch");
    expect(log.at(-1)).toMatchObject({ method: "http", rule: "host_mismatch" });
    expect(served).toHaveLength(1);
  });

  test.each([
    ["a path", "CONNECT / HTTP/1.1\r\nHost: allowed.test\r\n\r\n"],
    ["no port", "CONNECT allowed.test HTTP/1.1\r\nHost: allowed.test\r\n\r\n"],
    [
      "a body",
      "CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test\r\nContent-Length: 4\r\n\r\nabcd",
    ],
    ["another Host", "CONNECT allowed.test:443 HTTP/1.1\r\nHost: other.test\r\n\r\n"],
  ])("CONNECT with %s is refused", async (_what, request) => {
    const { port, dialled } = await open();
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1.1 40[03] /);
    expect(dialled).toEqual([]);
  });
});

describe("NET-2 requests that two readers would read differently", () => {
  const post = "POST http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n";
  const hidden = "GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n";
  test.each([
    ["two lengths", `${post}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`],
    [
      "a length and chunks",
      `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["chunks that aren't last", `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ["another coding", `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["a folded header", `${post}X-A: 1\r\n folded\r\n\r\n`],
    ["a space before the colon", `${post}X-A : 1\r\n\r\n`],
    ["bare line feeds", post.replaceAll("\r\n", "\n").concat("\n")],
    ["a length with a sign", `${post}Content-Length: +3\r\n\r\nabc`],
    ["a header with a NUL", `${post}X-A: \u0000\r\n\r\n`],
    ["a chunk's size that isn't one", `${post}Transfer-Encoding: chunked\r\n\r\nZ\r\n`],
    ["no version", "GET http://allowed.test/\r\n\r\n"],
    ["what isn't HTTP", "\u0016\u0003\u0001hello\r\n\r\n"],
  ])("%s: refused, and nothing of it arrives", async (_what, request) => {
    const { port, log } = await open();
    const answer = await sendRaw(port, request + hidden);
    expect(answer).toMatch(/^HTTP\/1.1 40[03] /);
    expect(served.map(({ body }) => body).join("")).toBe("");
    expect(log.some(({ rule }) => rule === "malformed_request")).toBe(true);
  });
});
