import { expect, test } from "vitest";
import { deliver, type Listener, SharedListener } from "./shared-listener.ts";

/** A source of numbers that counts its listeners. */
function source() {
  const heard: Listener<number>[] = [];
  let stopped = 0;
  const start = (listener: Listener<number>) => {
    heard.push(listener);
    return () => {
      stopped += 1;
    };
  };
  return { heard, start, stopped: () => stopped };
}

function reader() {
  const values: number[] = [];
  const errors: string[] = [];
  const next = (value: number) => values.push(value);
  return { values, errors, next, error: ({ message }: Error) => errors.push(message) };
}

test("readers of the same thing share a listener, and each gets everything since it came", async () => {
  const together = new SharedListener<number>();
  const { heard, start, stopped } = source();
  const [first, second, other] = [reader(), reader(), reader()];
  const stopFirst = together.listen("log", start, first);
  together.listen("another log", start, other);
  heard[0]?.next(1);
  const stopSecond = together.listen("log", start, second);
  expect(second.values, "nothing is told before it returns").toEqual([]);
  await Promise.resolve();
  heard[0]?.next(2);
  expect([first.values, second.values, other.values]).toEqual([[1, 2], [1, 2], []]);
  expect(heard).toHaveLength(2);
  stopFirst();
  heard[0]?.next(3);
  expect([first.values, second.values, stopped()]).toEqual([[1, 2], [1, 2, 3], 0]);
  stopSecond();
  expect(stopped()).toBe(1);
});

test("a reader that joins during a notification gets only the newer value", async () => {
  const together = new SharedListener<number>();
  const { heard, start } = source();
  together.listen("log", start, reader());
  heard[0]?.next(1);
  const late = reader();
  together.listen("log", start, late);
  heard[0]?.next(2);
  await Promise.resolve();
  expect(late.values).toEqual([2]);
});

test("an error ends it for all of them, and a later reader opens a new listener", () => {
  const together = new SharedListener<number>();
  const { heard, start, stopped } = source();
  const [first, second, later] = [reader(), reader(), reader()];
  const stopFirst = together.listen("log", start, first);
  together.listen("log", start, second);
  heard[0]?.error(new Error("away"));
  expect([first.errors, second.errors, stopped()]).toEqual([["away"], ["away"], 1]);
  together.listen("log", start, later);
  stopFirst();
  heard[1]?.next(1);
  expect([first.values, later.values, heard.length, stopped()]).toEqual([[], [1], 2, 1]);
});

test("a reader that stops during a notification gets no more", async () => {
  const together = new SharedListener<number>();
  const { heard, start } = source();
  const [first, second] = [reader(), reader()];
  let stopSecond = () => {};
  together.listen("log", start, { ...first, next: () => stopSecond() });
  stopSecond = together.listen("log", start, second);
  heard[0]?.next(1);
  await Promise.resolve();
  expect(second.values).toEqual([]);
});

test("an unreadable value is an error for its readers, and ends nothing else", () => {
  const { values, errors, ...to } = reader();
  deliver(to, () => 1);
  deliver(to, () => {
    throw new Error("of another version");
  });
  expect([values, errors]).toEqual([[1], ["of another version"]]);
});
