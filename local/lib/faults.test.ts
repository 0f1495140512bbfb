import { describe, expect, test } from "vitest";
import { Faults } from "./faults.ts";

describe("a held call", () => {
  test("goes on when it is released", async () => {
    const faults = new Faults();
    faults.order("Commit", { kind: "hold-before" });
    const admitted = faults.admit("Commit", new AbortController().signal);
    expect(faults.held).toBe(1);
    faults.release();
    expect(await admitted).toBe(true);
    expect(faults.held).toBe(0);
  });

  test("isn't carried out if its caller is gone, and is held no more", async () => {
    const faults = new Faults();
    const caller = new AbortController();
    faults.order("Commit", { kind: "hold-before" });
    const admitted = faults.admit("Commit", caller.signal);
    caller.abort();
    await faults.untilNoneHeld();
    faults.clear();
    expect(await admitted).toBe(false);
  });

  test("isn't carried out if its caller is gone in the moment of its release", async () => {
    const faults = new Faults();
    const caller = new AbortController();
    faults.order("Commit", { kind: "hold-before" });
    const admitted = faults.admit("Commit", caller.signal);
    faults.release();
    caller.abort();
    expect(await admitted).toBe(false);
    expect(faults.held).toBe(0);
  });

  test("holds what its client asks again, until its caller is gone or it is released", async () => {
    const faults = new Faults();
    const [caller, again] = [new AbortController(), new AbortController()];
    faults.order("Commit", { kind: "hold-before", withLater: true });
    const admitted = [caller, again].map(({ signal }) => faults.admit("Commit", signal));
    expect(faults.held).toBe(2);
    expect(await faults.admit("Get", caller.signal)).toBe(true);
    for (const each of [caller, again]) each.abort();
    expect(await Promise.all(admitted)).toEqual([false, false]);
    // Another process isn't held.
    expect(await faults.admit("Commit", new AbortController().signal)).toBe(true);
    faults.order("Commit", { kind: "hold-before", withLater: true });
    const held = faults.admit("Commit", new AbortController().signal);
    faults.clear();
    expect(await held).toBe(true);
    expect(await faults.admit("Commit", new AbortController().signal)).toBe(true);
  });

  test("that is held beside another waits for its own caller", async () => {
    const faults = new Faults();
    const callers = [new AbortController(), new AbortController()];
    faults.order("Commit", { kind: "hold-before" }, 2);
    const [first, second] = callers.map(({ signal }) => faults.admit("Commit", signal));
    callers[0]?.abort();
    expect(await first).toBe(false);
    expect(faults.held).toBe(1);
    faults.release();
    expect(await second).toBe(true);
  });
});
