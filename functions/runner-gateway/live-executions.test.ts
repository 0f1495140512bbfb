import { nanoid } from "nanoid";
import { describe, expect, test } from "vitest";
import { newOwner } from "#shared/owners/act-on-owner";
import { noteEnded, noteRunning, requireRunning } from "./live-executions.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");

/** An execution in a given state, and a count of its reads. */
function execution(status: string, attempt = 1) {
  let reads = 0;
  let now = 1_000_000;
  const store = {
    get: async (ref: object) => {
      reads += 1;
      return { ref, value: { status, attempt }, version: null } as never;
    },
  };
  const claims = { executionId: `run_${nanoid()}`, attempt: 1 };
  return {
    claims,
    reads: () => reads,
    later: (ms: number) => {
      now += ms;
    },
    ask: async () => await requireRunning({ store, now: () => now }, owner, claims),
    now: () => now,
  };
}

describe("requireRunning()", () => {
  test("reads an execution once in a while, and not at all after a beat", async () => {
    const one = execution("running");
    noteRunning(one.claims, one.now());
    await one.ask();
    expect(one.reads()).toBe(0);
    one.later(10_000);
    await one.ask();
    await one.ask();
    expect(one.reads()).toBe(1);
  });

  test.each(["queued", "success", "failed", "cancelled"])(
    "refuses one that is %s",
    async (status) => {
      const one = execution(status);
      await expect(one.ask()).rejects.toMatchObject({ code: "LEASE_LOST" });
      await expect(one.ask()).rejects.toMatchObject({ code: "LEASE_LOST" });
      expect(one.reads()).toBe(1);
    },
  );

  test("refuses an attempt that isn't the execution's any more", async () => {
    await expect(execution("running", 2).ask()).rejects.toMatchObject({ code: "LEASE_LOST" });
  });

  test("refuses one that ended here at once, whatever was known of it", async () => {
    const one = execution("running");
    await one.ask();
    noteEnded(one.claims);
    noteRunning(one.claims, one.now());
    await expect(one.ask()).rejects.toMatchObject({ code: "LEASE_LOST" });
  });
});
