/**
 * Whatever a stranger sends, the proxy answers or disconnects, reaches no other host, and survives.
 */
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { type OpenProxy, openProxy, sendRaw } from "../../test/kit/sandbox/open-proxy.ts";
import { get, ProxyServers } from "../../test/kit/sandbox/proxy-servers.ts";
import { allowing } from "../../test/kit/sandbox/test-internet.ts";

const runs = process.env.PADDOCK_LONG === undefined ? 150 : 20_000;
const closedWithinMs = 5_000;
const servers = new ProxyServers();
let proxy: OpenProxy;

beforeAll(async () => {
  await servers.open();
  proxy = await openProxy({
    policy: {
      ...allowing("allowed.test:80", "allowed.test:443"),
      limits: { ...defaultEgressLimits, connectionsPerMinuteMax: 1_000_000 },
    },
    names: { "allowed.test": [["93.184.215.14"]] },
    ports: servers.ports,
  });
});
afterAll(() => {
  proxy.close();
  servers.close();
});

const host = "Host: allowed.test";
const seeds = [
  get("http://allowed.test/a", host),
  `POST http://allowed.test/ HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `POST http://allowed.test/ HTTP/1.1\r\n${host}\r\nContent-Length: 3\r\n\r\nabc`,
  `CONNECT allowed.test:443 HTTP/1.1\r\n${host}:443\r\n\r\n\u0016\u0003\u0001\u0000\u0005\u0001`,
  `CONNECT allowed.test:80 HTTP/1.1\r\n${host}:80\r\n\r\n${get("/b", host)}`,
];
const strange = [
  "\r",
  "\n",
  "\0",
  ":",
  " ",
  "\t",
  "@",
  "/",
  "[",
  "%00",
  "0x",
  "\u00ff",
  "chunked",
  "-1",
];

/** A seed with a few places changed, doubled, or cut. */
const message = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(200), fc.constantFrom(...strange), fc.nat(3)), { maxLength: 4 }),
    fc.nat(300),
  )
  .map(([seed, edits, cut]) => {
    const edited = edits.reduce(
      (text, [at, piece, dropped]) => text.slice(0, at) + piece + text.slice(at + dropped),
      seed,
    );
    return cut > 250 ? edited.slice(0, edited.length >> 1) : edited;
  });

async function sendAndLeave(text: string): Promise<void> {
  const client = connect(proxy.port, "127.0.0.1");
  client.on("error", () => undefined);
  client.resume();
  client.end(text, "latin1");
  const late = setTimeout(() => client.destroy(new Error("late")), closedWithinMs);
  await once(client, "close");
  clearTimeout(late);
  expect(client.errored?.message).not.toBe("late");
}

test("NET-2 mutated requests", { timeout: 600_000 }, async () => {
  await fc.assert(fc.asyncProperty(message, sendAndLeave), { numRuns: runs });
  expect(new Set(proxy.asked)).toEqual(new Set(["allowed.test"]));
  expect(await sendRaw(proxy.port, get("http://allowed.test/", host))).toContain("served");
});
