import { expect, test } from "vitest";
import { type Listener, SharedListener, tell } from "./shared-listener.ts";

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

test("readers of the same share one listener, and each hears all from when it came", async () => {
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

test("a reader that comes while something newer is told hears that alone", async () => {
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

test("an error ends it for all of them, and whoever comes later listens anew", () => {
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

test("one that stops in the middle of being told is told no more", async () => {
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

test("what can't be read is an error of theirs, and ends nothing else", () => {
  const { values, errors, ...to } = reader();
  tell(to, () => 1);
  tell(to, () => {
    throw new Error("of another version");
  });
  expect([values, errors]).toEqual([[1], ["of another version"]]);
});
