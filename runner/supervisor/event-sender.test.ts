import { describe, expect, test, vi } from "vitest";
import { eventBatchBytesMax, type RunnerEvent } from "#shared/protocol/runner";
import { EventSender } from "./event-sender.ts";

/** A stream to a gateway that stores what it receives; `fail` makes a call fail. */
function heard(
  flushIntervalMs: number,
  fail: (call: number) => boolean = () => false,
  {
    gate = Promise.resolve(),
    passes = false,
    onSend = () => undefined,
  }: {
    gate?: Promise<void>;
    passes?: boolean;
    onSend?: (events: readonly RunnerEvent[]) => void;
  } = {},
) {
  const batches: RunnerEvent[][] = [];
  const failures: unknown[] = [];
  const first = Promise.withResolvers<void>();
  let calls = 0;
  let inFlight = 0;
  const stream = new EventSender(
    {
      now: () => Date.now(),
      mayPass: () => passes,
      onFailure: (error) => failures.push(error),
      send: async (events) => {
        calls += 1;
        onSend(events);
        inFlight += 1;
        expect(inFlight).toBe(1);
        await gate;
        inFlight -= 1;
        if (fail(calls)) throw new Error("down");
        batches.push([...events]);
        first.resolve();
        return { acknowledgedSequence: events.at(-1)?.sequence ?? 0, flushIntervalMs };
      },
    },
    flushIntervalMs,
  );
  const text = () =>
    batches
      .flat()
      .map(({ item }) => (item.type === "text" ? item.content : "|"))
      .join("");
  return { stream, batches, failures, first: first.promise, text };
}

const soon = () => Date.now() + 10_000;

const call = {
  type: "tool_call",
  id: "1",
  name: "shell",
  arguments: "{}",
  status: "running",
} as const;

describe("an event sender", () => {
  test("sends the first soon, without waiting for the interval", async () => {
    const { stream, first, text } = heard(3_600_000);
    stream.text("no line end");
    await first;
    expect(text()).toBe("no line end");
  });

  test("sends a short script's events in one call", async () => {
    vi.useFakeTimers();
    const { stream, batches, first } = heard(3_600_000);
    stream.emit(call);
    await vi.advanceTimersByTimeAsync(10);
    stream.text("done\n");
    stream.emit({ ...call, status: "completed", result: "exit code 0" });
    await vi.advanceTimersByTimeAsync(15);
    vi.useRealTimers();
    await first;
    await stream.end(soon());
    expect(batches.map((batch) => batch.length)).toEqual([3]);
  });

  test("numbers from 1 without gaps, in order, text before what follows it", async () => {
    const { stream, batches, text } = heard(3_600_000);
    stream.text("a\nb");
    stream.emit(call);
    stream.text("c");
    await stream.end(soon());
    expect(text()).toBe("a\nb|c");
    expect(batches.flat().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(stream.lastSequence).toBe(3);
  });

  test("keeps a line together while it is being written", async () => {
    const { stream, batches, first } = heard(1);
    stream.text("first\n");
    await first;
    stream.text("one\ntw");
    stream.text("o\n");
    await stream.end(soon());
    const contents = batches.flat().map(({ item }) => (item.type === "text" ? item.content : ""));
    expect(contents.every((content) => content.endsWith("\n"))).toBe(true);
  });

  test("cuts long text at line ends, and never inside a character", async () => {
    const { stream, batches, text } = heard(3_600_000);
    const whole = `${"x".repeat(100)}\n`.repeat(1_000) + "😀".repeat(40_001);
    stream.text(whole);
    await stream.end(soon());
    expect(text()).toBe(whole);
    for (const { item } of batches.flat()) {
      expect(item.type === "text" && item.content.isWellFormed()).toBe(true);
    }
  });

  test("keeps each batch within what a call may hold", async () => {
    const { stream, batches } = heard(3_600_000);
    for (let index = 0; index < 100; index += 1) stream.text("\u0001\n".repeat(5_000));
    await stream.end(soon());
    for (const batch of batches) {
      expect(Buffer.byteLength(JSON.stringify({ events: batch }))).toBeLessThan(eventBatchBytesMax);
    }
  });

  // Guards against a batch that is sent twice: the end comes during a slow call and a timer.
  test("has one call in progress at a time, even at the end", async () => {
    vi.useFakeTimers();
    const gate = Promise.withResolvers<void>();
    const { stream, batches, failures } = heard(1, () => false, { gate: gate.promise });
    stream.emit(call);
    await vi.advanceTimersByTimeAsync(1);
    stream.emit(call);
    await vi.advanceTimersByTimeAsync(10);
    vi.useRealTimers();
    const ended = stream.end(soon());
    gate.resolve();
    await ended;
    expect(failures).toEqual([]);
    expect(batches.flat().map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test("goes on after an outage, and repeats what was sent as it was", async () => {
    vi.useFakeTimers();
    const sent: number[][] = [];
    const { stream, failures, text } = heard(10, (calls) => calls > 1 && calls < 5, {
      passes: true,
      onSend: (events) => sent.push(events.map(({ sequence }) => sequence)),
    });
    stream.text("one\n");
    await vi.advanceTimersByTimeAsync(100);
    stream.text("two\n");
    await vi.advanceTimersByTimeAsync(100);
    stream.text("three\n");
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    await stream.end(soon());
    expect(sent.slice(0, 5)).toEqual([[1], [2], [2], [2], [2]]);
    expect(text()).toBe("one\ntwo\nthree\n");
    expect(failures).toHaveLength(3);
    expect(stream.isComplete).toBe(true);
  });

  test("tries until its time is up, and then says that something is missing", async () => {
    const { stream, failures, batches } = heard(10, () => true, { passes: true });
    stream.text("unheard\n");
    await stream.end(Date.now() + 100);
    expect(batches).toEqual([]);
    expect(failures).toHaveLength(2);
    expect(stream.isComplete).toBe(false);
  });

  test("gives up after minutes, and keeps nothing from then on", async () => {
    vi.useFakeTimers();
    const { stream, failures } = heard(10, () => true, { passes: true });
    stream.text("unheard\n");
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    const tries = failures.length;
    stream.text("more\n");
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    vi.useRealTimers();
    expect(failures).toHaveLength(tries);
    expect(stream.isComplete).toBe(false);
  });

  test("reports once that the gateway can't be reached, and still ends", async () => {
    const { stream, failures, batches } = heard(1, (calls) => calls > 1);
    stream.emit(call);
    await stream.end(soon());
    stream.emit(call);
    await stream.end(soon());
    stream.emit(call);
    await stream.end(soon());
    expect(failures).toHaveLength(1);
    expect(batches).toHaveLength(1);
    expect(batches.flat().map(({ sequence }) => sequence)).toEqual([1]);
    expect(stream.isComplete).toBe(false);
    // The log's readers see that it ends too early.
    expect(stream.lastSequence).toBe(2);
  });
});
