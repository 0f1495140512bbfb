import { afterEach, expect, test, vi } from "vitest";
import { inMemoryTurn } from "./memory-turns.ts";

afterEach(() => void vi.useRealTimers());

/** Sends that end when the test says so. */
function sending(ownerId: string, asker: string) {
  let told: AbortSignal | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = inMemoryTurn({ ownerId, asker }, async (giveWay) => {
    told = giveWay;
    return await promise;
  });
  const [begun, givesWay] = [() => told !== undefined, () => told?.aborted === true];
  return { sent, resolve, reject, begun, givesWay };
}

const settled = async () => await new Promise((resolve) => setImmediate(resolve));

test("TEN-2 three large events of an owner are held at once, whatever becomes of them", async () => {
  const mine = ["a", "a", "b", "b", "c"].map((key) => sending("owner", key));
  const other = sending("neighbour", "a");
  await settled();
  expect(mine.map(({ begun }) => begun())).toEqual([true, true, true, false, false]);
  expect(other.begun()).toBe(true);
  mine[0]?.resolve("taken");
  await expect(mine[0]?.sent).resolves.toBe("taken");
  mine[1]?.reject(new Error("gone"));
  await expect(mine[1]?.sent).rejects.toThrow("gone");
  await settled();
  expect(mine.map(({ begun }) => begun())).toEqual([true, true, true, true, true]);
});

test("TEN-2 one key's readers leave room for those of the owner's other keys", async () => {
  const one = Array.from({ length: 9 }, () => sending("owner 2", "one"));
  const other = sending("owner 2", "other");
  await settled();
  expect(one.filter(({ begun }) => begun())).toHaveLength(2);
  expect(other.begun()).toBe(true);
});

test("TEN-2 a reader that leaves its text gives way once another waits", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const slow = [sending("owner 3", "key"), sending("owner 3", "key")];
  await settled();
  vi.advanceTimersByTime(3_600_000);
  expect(slow.some(({ givesWay }) => givesWay())).toBe(false);
  const next = sending("owner 3", "key");
  vi.advanceTimersByTime(15_000);
  expect(slow.every(({ givesWay }) => givesWay())).toBe(true);
  for (const { resolve } of slow) resolve("cut off");
  await settled();
  expect(next.begun()).toBe(true);
});
