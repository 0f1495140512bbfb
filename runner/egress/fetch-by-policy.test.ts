import { setImmediate as tick } from "node:timers/promises";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { httpServer } from "../../test/kit/mcp-servers.ts";
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
