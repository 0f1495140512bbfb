import { once } from "node:events";
import { createServer } from "node:https";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { setImmediate as tick } from "node:timers/promises";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { httpServer, messageRoom } from "../../test/kit/mcp-servers.ts";
import { makeTestCa } from "../../test/kit/sandbox/test-ca.ts";
import { type Strange, startStrangeServer } from "../../test/kit/strange-server.ts";
import { fetchByPolicy } from "./fetch-by-policy.ts";
import type { Reach } from "./reach.ts";

afterEach(() => vi.restoreAllMocks());

test.each([1, 2, 3, 10])("an answer of %i pieces may be given up at any of them", async (count) => {
  const closing = vi.spyOn(ReadableStreamDefaultController.prototype, "close");
  const { reach, close } = await httpServer((_request, response) => {
    for (let piece = 0; piece < count; piece += 1) response.write("x".repeat(1_000));
    response.end("end");
  });
  onTestFinished(close);
  for (let reads = 0; reads <= count; reads += 1) {
    let over: Promise<void> | undefined;
    const connect: Reach["connect"] = (asked, carry) => {
      over = reach.connect(asked, carry);
      return over;
    };
    const { body } = await fetchByPolicy({ ...reach, connect }, 1_000_000)("http://a.example/");
    const reader = body?.getReader();
    for (let read = 0; read < reads; read += 1) await reader?.read();
    await reader?.cancel();
    await over;
    await tick();
  }
  // What is thrown there nobody catches, and it ends the execution.
  expect(closing.mock.results.filter(({ type }) => type === "throw")).toEqual([]);
});

test.each([
  ["https://203.0.113.1/", { kind: "address", name: "203.0.113.1", family: 4 }],
  ["https://[2001:db8::1]/", { kind: "address", name: "2001:db8::1", family: 6 }],
  ["https://a.example/", { kind: "name", name: "a.example" }],
] as const)("the certificate must be for what is asked for: %s", async (url, host) => {
  const ask = async (name: string) => {
    const { ca, cert, key } = makeTestCa([name]);
    const server = createServer({ cert, key }, (_request, response) => void response.end());
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const connect: Reach["connect"] = async (_asked, carry) => {
      const { port } = server.address() as AddressInfo;
      const socket = connectTcp(port, "127.0.0.1").on("error", () => undefined);
      await once(socket, "connect");
      await carry({ host, pinned: { socket, address: "203.0.113.1" }, pass: () => true });
    };
    return (await fetchByPolicy({ roots: [ca], connect }, 1_000)(url)).status;
  };
  expect(await ask(host.name)).toBe(200);
  await expect(ask("localhost")).rejects.toThrow("altnames");
});

test.each([
  ["https://a.example/", 443],
  ["http://a.example/", 80],
  ["https://a.example:0/", 0],
  ["http://a.example:8080/", 8_080],
])("%s is asked for at its own port", async (url, port) => {
  const connect = vi.fn<Reach["connect"]>().mockRejectedValue(new Error("not reached"));
  await expect(fetchByPolicy({ roots: null, connect }, 1_000)(url)).rejects.toThrow("not reached");
  expect(connect.mock.lastCall?.[0]).toEqual({ host: "a.example", port });
});

test.each<Strange>(["a switch of protocols", "announcements without end", "a 205 without end"])(
  "a host that answers %s isn't read on",
  async (strange) => {
    const server = await startStrangeServer(strange);
    onTestFinished(server.close);
    const over = Promise.withResolvers<void>();
    const connect: Reach["connect"] = async (_asked, carry) => {
      const socket = connectTcp(server.port, "127.0.0.1").on("error", () => undefined);
      await once(socket, "connect");
      const pinned = { socket, address: "203.0.113.1" };
      await carry({ host: { kind: "name", name: "a.example" }, pinned, pass: () => true });
      over.resolve();
    };
    const fetched = fetchByPolicy({ roots: null, connect }, 1_000)("http://a.example/");
    const status = await fetched.then(
      (answer) => answer.status,
      () => null,
    );
    expect(status).toBe(strange === "a 205 without end" ? 205 : null);
    await over.promise;
  },
);

test("MOD-5 what several answers of one server leave unfinished counts together", async () => {
  const text = `data: ${"x".repeat(600)}`;
  let isOver = false;
  const { reach, close } = await httpServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text);
    if (isOver) response.end();
  });
  onTestFinished(close);
  const fetch = fetchByPolicy(reach, 1_000, messageRoom(1_000).hold);
  const read = async () => (await fetch("http://a.example/")).body?.getReader();
  const readers = [await read(), await read()];
  await expect(Promise.race(readers.map((one) => one?.read()))).rejects.toThrow("too large");
  await Promise.allSettled(readers.map((one) => one?.cancel()));
  // What was given up doesn't count any more, nor does what has ended.
  isOver = true;
  for (let answer = 0; answer < 3; answer += 1) {
    const { value } = (await (await read())?.read()) ?? {};
    expect(`${Buffer.from(value ?? [])}`).toBe(text);
  }
});
