import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watchDrain } from "./drain.ts";

const times = { quietMs: 100, boundMs: 1_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An output whose script has ended; `told` collects the results. */
function ended(isPassedOn: () => boolean = () => false) {
  const output = new Socket();
  output.resume();
  const told: ("cut" | "complete")[] = [];
  const drain = watchDrain(output, isPassedOn, times);
  drain.end((cut) => told.push(cut ? "cut" : "complete"));
  return { output, drain, told };
}

describe("watchDrain()", () => {
  test("is over when the output is closed, without waiting", async () => {
    const { output, told } = ended();
    output.destroy();
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(["complete"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told).toHaveLength(1);
  });

  test("is over when it is quiet, though something keeps the output open", async () => {
    const { told } = ended();
    await vi.advanceTimersByTimeAsync(99);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(51);
    expect(told).toEqual(["complete"]);
  });

  test("goes on while data comes, and is complete when it stops", async () => {
    const { drain, told } = ended();
    for (let piece = 0; piece < 8; piece += 1) {
      await vi.advanceTimersByTimeAsync(80);
      drain.heard();
    }
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(150);
    expect(told).toEqual(["complete"]);
  });

  test("waits for what passes output on, however quiet it is", async () => {
    let isLeft = true;
    const { told } = ended(() => isLeft);
    await vi.advanceTimersByTimeAsync(600);
    expect(told).toEqual([]);
    isLeft = false;
    await vi.advanceTimersByTimeAsync(50);
    expect(told).toEqual(["complete"]);
  });

  test("cuts what never stops, and says so", async () => {
    const { drain, told } = ended();
    const endless = setInterval(() => drain.heard(), 10);
    await vi.advanceTimersByTimeAsync(999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(["cut"]);
    clearInterval(endless);
  });

  test("doesn't count as quiet while our own reader is slow", async () => {
    const { output, told } = ended();
    output.pause();
    await vi.advanceTimersByTimeAsync(500);
    expect(told).toEqual([]);
    output.resume();
    await vi.advanceTimersByTimeAsync(50);
    expect(told).toEqual(["complete"]);
  });
});
