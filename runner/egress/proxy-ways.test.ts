/** Where the proxy connects, how much it carries, and that it never hangs. Without a sandbox. */
import { once } from "node:events";
import { connect as connectTcp, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { sendRaw } from "../../test/kit/sandbox/open-proxy.ts";
import { get, ruleOf } from "../../test/kit/sandbox/proxy-servers.ts";
import { policy, useProxyServers } from "../../test/kit/sandbox/proxy-suite.ts";
import { type Strange, startStrangeServer } from "../../test/kit/strange-server.ts";

const { ports, open } = useProxyServers();

describe("EXE-6 F8 names that lead inside", () => {
  test.each([
    [
      "rebinding: first a public address, then the metadata server",
      [["93.184.215.14"], ["169.254.169.254"]],
    ],
    ["rebinding to this machine", [["93.184.215.14"], ["127.0.0.1"]]],
  ])("%s", async (_what, turns) => {
    const { port, log, dialled } = await open({ names: { "allowed.test": turns } });
    const request = get("http://allowed.test/", "Host: allowed.test");
    expect(await sendRaw(port, request)).toContain("served");
    const second = await sendRaw(port, request);
    expect(ruleOf(second)).toBe("private_address");
    expect(dialled).toEqual(["93.184.215.14:80"]);
    expect(log.at(-1)).toMatchObject({ verdict: "refused", address: turns[1]?.[0] });
  });

  const inside = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1"];
  const tunnelled = ["64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::ffff:10.0.0.1", "2001::1"];
  test.each([...inside, ...tunnelled, "224.0.0.1"])(
    "a name for %s, among others",
    async (address) => {
      const { port, dialled } = await open({
        names: { "allowed.test": [["93.184.215.14", address]] },
      });
      const answer = await sendRaw(port, get("http://allowed.test/", "Host: allowed.test"));
      expect(ruleOf(answer)).toBe("private_address");
      expect(dialled).toEqual([]);
    },
  );

  test("NET-7 and names and addresses of the platform's own services, in an open network too", async () => {
    const names = { "elsewhere.test": [["34.143.76.2"]] };
    const { port, asked, dialled } = await open({ policy: { mode: "internet" }, names });
    const byName = await sendRaw(port, get("http://inner-x.a.run.app/", "Host: inner-x.a.run.app"));
    expect(ruleOf(byName)).toBe("private_name");
    for (const name of ["34.143.76.2", "elsewhere.test"]) {
      expect(ruleOf(await sendRaw(port, get(`http://${name}/`, `Host: ${name}`)))).toBe(
        "private_address",
      );
    }
    expect([asked, dialled]).toEqual([["elsewhere.test"], []]);
  });

  test("are refused in an open network too, in every spelling", async () => {
    const { port, asked, dialled } = await open({ policy: { mode: "internet" } });
    for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]) {
      const answer = await sendRaw(port, get(`http://${host}/`, `Host: ${host}`));
      expect(ruleOf(answer), host).toBe("private_address");
    }
    const answer = await sendRaw(port, "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 403/);
    expect([asked, dialled]).toEqual([[], []]);
  });
});

describe("NET-3 F7 names", () => {
  test("that aren't permitted are never asked for", async () => {
    const { port, asked } = await open();
    const secret = "c2VjcmV0LW9mLXRoZS1vd25lcg.evil.test";
    for (const host of [secret, "other.test", "allowed.test.evil.test"]) {
      await sendRaw(port, get(`http://${host}/`, `Host: ${host}`));
      await sendRaw(port, `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    }
    expect(asked).toEqual([]);
  });

  test("that don't exist are reported as such", async () => {
    const { port, log } = await open({ names: {} });
    const answer = await sendRaw(port, get("http://allowed.test/", "Host: allowed.test"));
    expect(answer).toMatch(/^HTTP\/1.1 502 The name has no address/);
    expect(log).toMatchObject([{ verdict: "failed", rule: "name_not_found" }]);
  });
});

test.each<Strange>(["a switch of protocols", "announcements without end"])(
  "a host that answers %s is answered for",
  async (strange) => {
    const server = await startStrangeServer(strange);
    onTestFinished(server.close);
    const { port, log } = await open({ ports: new Map([[80, server.port]]) });
    const answer = await sendRaw(port, get("http://allowed.test/", "Host: allowed.test"));
    expect(ruleOf(answer)).toBe("connect_failed");
    expect(log).toMatchObject([{ verdict: "failed", rule: "connect_failed" }]);
  },
);

describe("caps", () => {
  const limits = { ...defaultEgressLimits };
  const request = get("http://allowed.test/", "Host: allowed.test");

  test("connections at a time", async () => {
    const { port, log } = await open({
      policy: { ...policy, limits: { ...limits, connectionsMax: 1 } },
    });
    const holder = connectTcp(port, "127.0.0.1").on("error", () => undefined);
    holder.write("CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test:443\r\n\r\n");
    await once(holder, "data");
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1.1 429 .*connection_limit/);
    holder.end();
    await once(holder, "close");
    expect(await sendRaw(port, request)).toContain("served");
    expect(log.map(({ rule }) => rule)).toEqual(["connection_limit", null, null]);
  });

  test("connections a minute", async () => {
    const few = { ...limits, connectionsPerMinuteMax: 2 };
    const { port } = await open({ policy: { ...policy, limits: few } });
    const answers = [await sendRaw(port, request), await sendRaw(port, request)];
    expect(answers.every((answer) => answer.includes("served"))).toBe(true);
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1.1 429 .*rate_limit/);
  });

  test("bytes in all: what is open is cut, and nothing more is opened", async () => {
    const { port, log } = await open({
      policy: { ...policy, limits: { ...limits, totalBytesMax: 4 } },
    });
    expect(await sendRaw(port, request)).not.toContain("served /");
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1.1 403 .*byte_limit/);
    expect(log.map(({ rule }) => rule)).toEqual(["byte_limit", "byte_limit"]);
  });

  test("bytes of headers count, though no body has any", async () => {
    const { port } = await open({
      policy: { ...policy, limits: { ...limits, totalBytesMax: 8_000 } },
    });
    const large = get(
      "http://allowed.test/",
      `Host: allowed.test\r\nX-Large: ${"x".repeat(9_000)}`,
    );
    await sendRaw(port, large);
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1.1 403 .*byte_limit/);
  });
});

describe("an open network", () => {
  const tunnel = "CONNECT allowed.test:22 HTTP/1.1\r\nHost: allowed.test:22\r\n\r\n";

  /** A proxy in front of `server`, whatever protocol that speaks. */
  async function openTo(server: Server): Promise<number> {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    const { port } = await open({
      policy: { mode: "internet" },
      ports: new Map([[22, address.port]]),
    });
    return port;
  }

  test("carries other protocols than TLS, whichever side speaks first", async () => {
    const server = createServer((socket) => socket.end("SSH-2.0-server\r\n"));
    const port = await openTo(server);
    const client = connectTcp(port, "127.0.0.1");
    client.write(tunnel);
    expect(await text(client)).toContain("SSH-2.0-server");
    server.close();
  });

  test("answers a client that has ended its half, and loses none of its bytes", async () => {
    const server = createServer({ allowHalfOpen: true }, async (socket) => {
      socket.end(`heard ${(await text(socket)).length}`);
    });
    const port = await openTo(server);
    const client = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
    client.end(tunnel + "x".repeat(3_000_000));
    expect(await text(client)).toMatch(/heard 3000000$/);
    server.close();
  });
});

describe("F9 nothing hangs", () => {
  test("a silent tunnel ends when its client does", async () => {
    const { port, log } = await open();
    const client = connectTcp(port, "127.0.0.1");
    client.write("CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test:443\r\n\r\n");
    await once(client, "data");
    client.end();
    client.resume();
    await once(client, "close");
    expect(log).toMatchObject([{ verdict: "allowed", sentBytes: 0 }]);
  });

  test("a host that refuses is a 502 at once", async () => {
    const { port, log } = await open({ ports: new Map() });
    const answer = await sendRaw(port, get("http://allowed.test/", "Host: allowed.test"));
    expect(answer).toMatch(/^HTTP\/1.1 502 .*connect_failed/);
    expect(log).toMatchObject([{ verdict: "failed", address: "93.184.215.14" }]);
  });

  test.each([
    ["a tunnel", "CONNECT allowed.test:22 HTTP/1.1\r\nHost: allowed.test:22\r\n\r\n"],
    ["a request", get("http://allowed.test:22/", "Host: allowed.test:22")],
  ])("a host that resets %s ends it, and nothing else", async (_what, request) => {
    const rude = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.resetAndDestroy());
      socket.write("x");
    });
    await once(rude.listen(0, "127.0.0.1"), "listening");
    const address = rude.address();
    const toRude = typeof address === "object" && address !== null ? address.port : 0;
    const all = new Map([...ports, [22, toRude]]);
    const { port } = await open({ policy: { mode: "internet" }, ports: all });
    await sendRaw(port, request, "what makes it reset");
    expect(await sendRaw(port, get("http://allowed.test/", "Host: allowed.test"))).toContain(
      "served",
    );
    rude.close();
  });

  test("a client that resets ends its own, at any moment", async () => {
    const { port } = await open();
    const tunnel = "CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test:443\r\n\r\n";
    const plain =
      "POST http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nContent-Length: 9\r\n\r\n";
    for (const request of [
      tunnel,
      `${tunnel}\u0016\u0003`,
      plain,
      plain.slice(0, 40),
      tunnel.slice(0, 9),
    ]) {
      const client = connectTcp(port, "127.0.0.1");
      await once(client, "connect");
      client.write(request, "latin1");
      await new Promise((resolve) => setImmediate(resolve));
      client.resetAndDestroy();
    }
    expect(await sendRaw(port, get("http://allowed.test/", "Host: allowed.test"))).toContain(
      "served",
    );
  });

  test("closing ends what is open, with its line in the log", async () => {
    const { port, log, close } = await open();
    const client = connectTcp(port, "127.0.0.1");
    client.write("CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test:443\r\n\r\n");
    await once(client, "data");
    const closed = once(client, "close");
    client.on("error", () => undefined);
    close();
    await closed;
    expect(log).toHaveLength(1);
  });
});
