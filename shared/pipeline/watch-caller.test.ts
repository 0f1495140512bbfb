import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchCaller } from "./watch-caller.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Response extends EventEmitter {
  isCut = false;
  closed = false;
  destroy() {
    this.isCut = true;
    this.emit("close");
    return this;
  }
}

function watched(isAllowed: () => Promise<boolean>) {
  const response = new Response();
  const asked = vi.fn(isAllowed);
  const end = watchCaller(response as never, asked);
  return { response, asked, end };
}

const pass = async (ms: number) => await vi.advanceTimersByTimeAsync(ms);

test("INC-4 an answer is cut within seconds once its caller may get no more", async () => {
  let allowed = true;
  const { response, asked } = watched(async () => await Promise.resolve(allowed));
  await pass(60_000);
  expect(response.isCut).toBe(false);
  allowed = false;
  await pass(6_000);
  expect(response.isCut).toBe(true);
  const times = asked.mock.calls.length;
  await pass(60_000);
  expect(asked).toHaveBeenCalledTimes(times);
});

test("an answer survives a database that fails for seconds, and not one that fails on", async () => {
  const { response } = watched(async () => await Promise.reject(new Error("down")));
  await pass(20_000);
  expect(response.isCut).toBe(false);
  await pass(20_000);
  expect(response.isCut).toBe(true);
});

test("nobody is looked up once the answer is sent", async () => {
  const { asked, end } = watched(async () => await Promise.resolve(true));
  end();
  await pass(60_000);
  expect(asked).not.toHaveBeenCalled();
});
