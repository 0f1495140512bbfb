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
