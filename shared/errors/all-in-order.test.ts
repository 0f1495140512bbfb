import { describe, expect, test } from "vitest";
import { allInOrder } from "./all-in-order.ts";

describe("allInOrder()", () => {
  test("gives what each gave, in the list's order, also what isn't a promise", async () => {
    const slow = Promise.resolve().then(() => "slow");
    expect(await allInOrder([slow, null, Promise.resolve(2)])).toEqual(["slow", null, 2]);
  });

  test("throws the first of the list, although a later one failed earlier", async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const all = allInOrder([promise, Promise.reject(new Error("second"))]);
    await Promise.resolve();
    reject(new Error("first"));
    await expect(all).rejects.toThrow("first");
  });

  test("doesn't end while one of them goes on", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isOver = false;
    const all = allInOrder([Promise.reject(new Error("early")), promise]).finally(() => {
      isOver = true;
    });
    const failed = expect(all).rejects.toThrow("early");
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    resolve();
    await failed;
  });
});
