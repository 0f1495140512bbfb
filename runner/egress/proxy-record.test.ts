/** The log can't be outrun: an allowed attempt is stored before a byte of it flows. */
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { EgressAttempt } from "#shared/protocol/runner";
import { sendRaw } from "../../test/kit/sandbox/open-proxy.ts";
import { get, ruleOf } from "../../test/kit/sandbox/proxy-servers.ts";
import { useProxyServers } from "../../test/kit/sandbox/proxy-suite.ts";
import { allowing } from "../../test/kit/sandbox/test-internet.ts";
import { BoundSecrets } from "./bound-secrets.ts";
import { EgressRefusal } from "./refusal.ts";

const { served, open: openWith } = useProxyServers();
const name = "allowed.test";
const open = async (stored: () => Promise<void>) => await openWith({ stored, terminator: bound });

const secret = { key: "KEY", value: "a-secret-of-the-owner", hosts: [name], headers: ["x-key"] };
const bound = new BoundSecrets([secret], { now: Date.now() });
const plain = get(`http://${name}/`, `Host: ${name}`);
const tunnel = (port: number) =>
  `CONNECT ${name}:${port} HTTP/1.1\r\nHost: ${name}:${port}\r\n\r\n`;
const kinds = [
  ["a request", plain],
  ["a tunnel", tunnel(80) + get("/", `Host: ${name}`)],
  ["a tunnel to a host that a secret is bound to", tunnel(443)],
] as const;

describe("NET-6 what is allowed is on record before its bytes flow", () => {
  test.each(kinds)("%s waits until it is stored", async (_what, request) => {
    const recorded = Promise.withResolvers<void>();
    const { port, opened, dialled } = await open(() => recorded.promise);
    const client = connect(port, "127.0.0.1").on("error", () => undefined);
    let answer = "";
    client.on("data", (chunk) => {
      answer += chunk;
    });
    client.write(request);
    while (dialled.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([answer, served]).toEqual(["", []]);
    expect(opened).toMatchObject([{ host: name, verdict: "allowed", sentBytes: 0 }]);
    recorded.resolve();
    await once(client, request.includes("GET") ? "close" : "data");
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    client.destroy();
  });

  test.each(kinds)("%s that can't be recorded isn't made", async (_what, request) => {
    const { port, log } = await open(() => Promise.reject(new EgressRefusal("log_unavailable")));
    const answer = await sendRaw(port, request);
    expect(answer).toMatch(/^HTTP\/1.1 503 .*log_unavailable/);
    expect(ruleOf(answer)).toBe("log_unavailable");
    expect(served).toEqual([]);
    expect(log).toMatchObject([{ verdict: "refused", rule: "log_unavailable", sentBytes: 0 }]);
  });

  describe("a name is looked up", () => {
    const chosen = "nbswy3dpeb3w64tmmq.elsewhere.test";
    const names = { [chosen]: [["93.184.215.14"]], [name]: [["93.184.215.14"]] };
    const wide = [
      ["in an open network", { mode: "internet" }],
      ["below a listed name", allowing("*.elsewhere.test:80")],
    ] as const;
    const ask = get(`http://${chosen}/`, `Host: ${chosen}`);

    test.each(wide)(
      "only once it is on record, if a program chose it: %s",
      async (_what, policy) => {
        const recorded = Promise.withResolvers<void>();
        const { port, opened, asked } = await openWith({
          ...{ policy, names },
          stored: () => recorded.promise,
        });
        const answer = sendRaw(port, ask);
        while (opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
        for (let turn = 0; turn < 30; turn += 1) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(asked).toEqual([]);
        recorded.resolve();
        expect(await answer).toMatch(/^HTTP\/1.1 200 /);
        expect(asked).toEqual([chosen]);
      },
    );

    test.each(wide)("never, if it can't be recorded: %s", async (_what, policy) => {
      const stored = () => Promise.reject(new EgressRefusal("log_unavailable"));
      const { port, asked } = await openWith({ policy, names, stored });
      expect(ruleOf(await sendRaw(port, ask))).toBe("log_unavailable");
      expect(asked).toEqual([]);
    });

    test("never, if the log is full, though a list names it", async () => {
      const stored = () => {
        throw new EgressRefusal("log_full");
      };
      const { port, asked, dialled } = await openWith({ names, stored });
      expect(ruleOf(await sendRaw(port, plain))).toBe("log_full");
      expect([asked, dialled]).toEqual([[], []]);
    });
  });

  test.each([
    ["CONNECT to a port beyond the last", tunnel(99_999)],
    ["a request to a port beyond the last", get(`http://${name}:99999/`, `Host: ${name}:99999`)],
    ["a Host with a port beyond the last", get(`http://${name}/`, `Host: ${name}:99999`)],
    ["a port of the tunnel's plain request", tunnel(80) + get("/", `Host: ${name}:70000`)],
    ["a host without end", get(`http://${"a.".repeat(9_000)}test/`, "Host: x")],
    ["a host with a strange character", `GET http://a"\\b/ HTTP/1.1\r\nHost: a"\\b\r\n\r\n`],
    ["CONNECT with a strange host", `CONNECT a"\u00ff:443 HTTP/1.1\r\nHost: b\r\n\r\n`],
  ])("%s is refused with a line that can be stored", async (_what, request) => {
    const { port, log } = await open(async () => undefined);
    expect(await sendRaw(port, Buffer.from(request, "latin1"))).toMatch(/HTTP\/1.1 4\d\d /);
    expect(log.some(({ verdict }) => verdict === "refused")).toBe(true);
    for (const attempt of log) EgressAttempt.parse({ ...attempt, sequence: 1 });
  });

  test("a client that leaves while waiting leaves nothing open", async () => {
    const recorded = Promise.withResolvers<void>();
    const { port, log, dialled } = await open(() => recorded.promise);
    const client = connect(port, "127.0.0.1").on("error", () => undefined);
    client.write(tunnel(443));
    while (dialled.length === 0) await new Promise((resolve) => setImmediate(resolve));
    client.resetAndDestroy();
    await once(client, "close");
    recorded.resolve();
    while (log.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(log).toHaveLength(1);
  });

  test("TLS to a bound host begins only after the attempt is recorded", async () => {
    const recorded = Promise.withResolvers<void>();
    const { port, opened } = await open(() => recorded.promise);
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write(tunnel(443));
    const answered = once(socket, "data");
    let isAnswered = false;
    void answered.then(() => {
      isAnswered = true;
    });
    while (opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    recorded.resolve();
    await answered;
    const client = connectTls({ socket, servername: name, ca: bound.certificatePem }).on(
      "error",
      () => undefined,
    );
    await once(client, "secureConnect");
    expect(client.authorized).toBe(true);
    client.destroy();
  });
});
