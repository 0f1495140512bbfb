import { expect, test } from "vitest";
import { inMemoryTurn } from "./memory-turns.ts";

/** Sends that end when the test says so. */
function sending(ownerId: string) {
  let begun = false;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = inMemoryTurn(ownerId, async () => {
    begun = true;
    return await promise;
  });
  return { sent, resolve, reject, begun: () => begun };
}

const settled = async () => await new Promise((resolve) => setImmediate(resolve));

test("TEN-2 three large events of an owner are held at once, whatever becomes of them", async () => {
  const mine = Array.from({ length: 5 }, () => sending("owner"));
  const other = sending("neighbour");
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
