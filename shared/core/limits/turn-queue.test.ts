import { describe, expect, test } from "vitest";
import { TurnQueue } from "./turn-queue.ts";

function queueOf(items: readonly (readonly [name: string, item: number])[]) {
  const queue = new TurnQueue<number>();
  for (const [name, item] of items) queue.add(name, item);
  return queue;
}

describe("TEN-1 TurnQueue", () => {
  test("lets names take turns, and under one name the first to come go first", () => {
    const queue = queueOf([...[1, 2, 3].map((item) => ["a", item] as const), ["b", 4], ["c", 5]]);
    const order = Array.from({ length: 6 }, () => queue.takeNext());
    expect(order).toEqual([1, 4, 5, 2, 3, undefined]);
    expect(queue.isEmpty).toBe(true);
  });

  test("passes a name over that may not go, which keeps its turn", () => {
    const queue = queueOf([
      ["a", 1],
      ["b", 2],
      ["b", 3],
    ]);
    expect(queue.takeNext((name) => name !== "a")).toBe(2);
    expect(queue.takeNext()).toBe(1);
    expect(queue.takeNext(() => false)).toBeUndefined();
    expect(queue.lengthOf("b")).toBe(1);
  });

  test("forgets what leaves before its turn", () => {
    const queue = queueOf([
      ["a", 1],
      ["a", 2],
      ["b", 3],
    ]);
    expect([queue.remove("a", 1), queue.remove("a", 1), queue.remove("b", 3)]).toEqual([
      true,
      false,
      true,
    ]);
    expect([queue.takeNext(), queue.takeNext()]).toEqual([2, undefined]);
  });
});
