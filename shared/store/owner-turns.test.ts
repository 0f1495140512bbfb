import { describe, expect, test } from "vitest";
import { OwnerTurns } from "./owner-turns.ts";

const nobodyLeaves = new AbortController().signal;

/** Turns whose work begins in an order that is noted, and ends when the test says so. */
function newTurns() {
  const turns = new OwnerTurns({ allMax: 4, ownerMax: 2 });
  const begun: string[] = [];
  const endings: (() => void)[] = [];
  const run = (ownerId: string, signal = nobodyLeaves) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = () => {
      begun.push(ownerId);
      endings.push(resolve);
      return promise;
    };
    const done = turns.run(ownerId, work, signal);
    return done.then(
      () => "done",
      (error) => error.code,
    );
  };
  const endFirst = async () => {
    endings.shift()?.();
    await settled();
  };
  return { run, begun, endFirst };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe("TEN-1 OwnerTurns", () => {
  test("begins a neighbour's work at once, however much of another owner's waits", async () => {
    const { run, begun } = newTurns();
    for (let count = 0; count < 50; count += 1) void run("flood");
    void run("neighbour");
    await settled();
    expect(begun).toEqual(["flood", "flood", "neighbour"]);
  });

  test("lets owners take turns where several wait", async () => {
    const { run, begun, endFirst } = newTurns();
    for (const owner of ["a", "a", "a", "a", "b", "b", "b", "c"]) void run(owner);
    await settled();
    expect(begun.splice(0)).toEqual(["a", "a", "b", "b"]);
    for (let count = 0; count < 4; count += 1) await endFirst();
    expect(begun).toEqual(["a", "c", "b", "a"]);
  });

  test("never begins what nobody waits for any more, and gives its place to the next", async () => {
    const { run, begun, endFirst } = newTurns();
    const gone = new AbortController();
    void run("a");
    void run("a");
    const left = run("a", gone.signal);
    const next = run("a");
    gone.abort("the client is gone");
    expect(await left).toBe("UNAVAILABLE");
    expect(await run("b", gone.signal)).toBe("UNAVAILABLE");
    await endFirst();
    expect(begun).toEqual(["a", "a", "a"]);
    await endFirst();
    await endFirst();
    expect(await next).toBe("done");
  });

  test("gives the place of work that failed back", async () => {
    const turns = new OwnerTurns({ allMax: 1, ownerMax: 1 });
    const failing = async () => await Promise.reject(new Error("no"));
    await expect(turns.run("a", failing, nobodyLeaves)).rejects.toThrow("no");
    expect(await turns.run("a", async () => "through", nobodyLeaves)).toBe("through");
  });
});
