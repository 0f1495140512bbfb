// @module-tag slow
/**
 * Whatever a sandbox and its hosts do to each other, the supervisor survives: an uncaught exception
 * fails this file, as it would end the process.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { exchangeBytes } from "../../test/kit/raw-upstream.ts";
import { type OpenProxy, openProxy } from "../../test/kit/sandbox/open-proxy.ts";
import { allowing } from "../../test/kit/sandbox/test-internet.ts";
import { BoundSecrets } from "./bound-secrets.ts";
import { ExecutionCa } from "./execution-ca.ts";

const name = "allowed.test";
const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const head = "HTTP/1.1 200 OK\r\n";
/** How a host reacts to each piece that it receives; null means that it silently leaves. */
const manners: readonly (string | null | "reset" | "close")[] = [
  ...[good, null, "reset", "close", "", good + good, `${good}garbage`, "garbage\r\n\r\n"],
  `${head}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  `${head}Transfer-Encoding: gzip\r\n\r\nok`,
  `${head}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok`,
  `${head}Content-Encoding: secret\r\nContent-Length: 2\r\n\r\nok`,
  `${head}Content-Length: 100\r\n\r\nhalf`,
  `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `${head}Connection: close\r\nContent-Length: 2\r\n\r\nok`,
  `${head}X-A: \u0001\r\nContent-Length: 0\r\n\r\n`,
  "HTTP/1.1 200 \u0001\u0002\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 000 Odder\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\n\r\n",
  `HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n`,
  `HTTP/1.0 200 OK\r\n\r\n\u001f\u008b\u0008garbage`,
];
const request = (method: string, target: string, rest: string) =>
  `${method} ${target} HTTP/1.1\r\nHost: ${name}\r\n${rest}`;
const pieces = (target: string) => [
  request("GET", target, "\r\n"),
  request("HEAD", target, "\r\n"),
  request("GET", target, "Connection: close\r\n\r\n"),
  request("GET", target, "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"),
  request("GET", target, "Expect: something\r\n\r\n"),
  request("GET", target, "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
  request("POST", target, "Content-Length: 3\r\n\r\nabc"),
  request("POST", target, "Content-Length: 30\r\n\r\nhalf"),
  request("DELETE", target, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
  request("POST", target, "Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
  request("CONNECT", `${name}:80`, "\r\n"),
  request("GET", "http://other.test/", "\r\n"),
  request("GET", "*", "\r\n"),
  `GET ${target} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
  "\r\n\r\n",
  "garbage",
  "\u0016\u0003\u0001\u0000\u0005",
];

const servers: Server[] = [];
let behaviour: readonly (typeof manners)[number][] = [];
const hostsCa = new ExecutionCa([name], Date.now());
const secret = { key: "KEY", value: "a-secret-of-the-owner", hosts: [name], headers: ["x-key"] };
const roots = [hostsCa.certificatePem];
const bound = new BoundSecrets([secret], { now: Date.now(), roots });
let proxy: OpenProxy;

/** A host that takes the next reaction for each piece. */
function behave(socket: Socket): void {
  let turn = 0;
  socket.on("error", () => socket.destroy());
  socket.on("data", () => {
    const next = behaviour[turn % Math.max(1, behaviour.length)] ?? null;
    turn += 1;
    if (next === null || (next === "reset" && socket instanceof TLSSocket)) socket.destroy();
    else if (next === "reset") socket.resetAndDestroy();
    else if (next === "close") socket.end(good);
    else if (socket.writable) socket.write(next, "latin1");
  });
}

beforeAll(async () => {
  const tls = createTlsServer({
    SNICallback: (_name, done) => done(null, hostsCa.contextFor(name)),
  });
  tls.on("secureConnection", behave).on("tlsClientError", () => undefined);
  const plain = createServer(behave);
  servers.push(plain, tls);
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  const [http, https] = servers.map((server) => (server.address() as AddressInfo).port);
  proxy = await openProxy({
    policy: {
      ...allowing(`${name}:80`, `${name}:443`),
      limits: { ...defaultEgressLimits, connectionsPerMinuteMax: 1_000_000 },
    },
    names: { [name]: [["93.184.215.14"]] },
    ports: new Map([
      [80, http ?? 0],
      [443, https ?? 0],
    ]),
    terminator: bound,
  });
});
afterAll(() => {
  proxy.close();
  for (const server of servers) server.close();
});

async function toProxy(): Promise<Socket> {
  const socket = connect(proxy.port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function toBoundHost(): Promise<Socket> {
  const socket = await toProxy();
  socket.write(`CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}:443\r\n\r\n`);
  await once(socket, "data");
  const inner = connectTls({ socket, servername: name, ca: bound.certificatePem }).on(
    "error",
    () => undefined,
  );
  await once(inner, "secureConnect");
  return inner;
}

const leaveAfterTurns = 200;
const long = process.env.PADDOCK_LONG !== undefined;
const channels = [
  ["the proxy", toProxy, `http://${name}/`, long ? 20_000 : 300],
  ["the exchange with a bound host", toBoundHost, "/", long ? 5_000 : 80],
] as const;

describe.each(channels)("F9 %s", (_channel, open, target, runs) => {
  const sent = fc.array(fc.constantFrom(...pieces(target)), { minLength: 1, maxLength: 4 });
  const done = fc.array(fc.constantFrom(...manners), { minLength: 1, maxLength: 4 });
  const leaving = fc.constantFrom("ends", "resets", "stays");

  test("outlives every stranger and every host", { timeout: 3_600_000 }, async () => {
    const property = fc.asyncProperty(sent, done, leaving, async (parts, manner, leave) => {
      behaviour = manner;
      const client = await open();
      const over = exchangeBytes(client, parts.join(""), { halfClose: leave === "ends" });
      for (let turn = 0; turn < (leave === "stays" ? leaveAfterTurns : 5); turn += 1) {
        if (client.destroyed) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.destroy();
      await over;
    });
    await fc.assert(property, { numRuns: runs });
    behaviour = ["close"];
    const last = request("GET", target, "Connection: close\r\n\r\n");
    expect(await exchangeBytes(await open(), last)).toMatch(/^HTTP\/1\.1 200 OK.*ok/s);
  });

  test("outlives requests sent ahead to each of these hosts", async () => {
    const one = request("GET", target, "\r\n");
    for (const manner of manners) {
      behaviour = [manner];
      const client = await open();
      const over = exchangeBytes(client, one + one + one);
      for (let turn = 0; turn < leaveAfterTurns && !client.destroyed; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.destroy();
      await over;
    }
    behaviour = ["close"];
    const last = request("GET", target, "Connection: close\r\n\r\n");
    expect(await exchangeBytes(await open(), last)).toMatch(/^HTTP\/1\.1 200 OK.*ok/s);
  });
});
