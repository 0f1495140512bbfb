import { nanoid } from "nanoid";
import { describe, expect, test } from "vitest";
import { newOwner } from "#shared/owners/act-on-owner";
import { noteEnded, noteRunning, requireRunning, requireStoring } from "./live-executions.ts";

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

describe("EXE-8 requireStoring()", () => {
  const conflict = Object.assign(new Error("it has changed"), { code: 9 });

  /** An execution that was claimed a while ago, and what each try to note something meets. */
  function storing(claimedMsAgo: number, ...tries: readonly (() => void)[]) {
    const now = 1_000_000;
    const value = { status: "running", attempt: 1, hasStored: false };
    let notes = 0;
    const store = {
      get: async (ref: object) => ({ ref: { ...ref, path: "x" }, value, version: {} }) as never,
      commit: async () => {
        notes += 1;
        tries[notes - 1]?.();
        value.hasStored = true;
        return {} as never;
      },
    };
    const metered = { profile: "lite", wallClockMs: 1, claimedAt: now - claimedMsAgo } as const;
    const claims = { executionId: `run_${nanoid()}`, attempt: 1, metered };
    const ask = async () => await requireStoring({ store, now: () => now }, owner, claims);
    return { ask, value, claims, notes: () => notes };
  }
  const lose = () => {
    throw conflict;
  };

  test("notes an attempt's first object, and no other", async () => {
    const { ask, claims, notes } = storing(0);
    await ask();
    noteRunning(claims, 1_000_000);
    await ask();
    expect(notes()).toBe(1);
  });

  test("notes it once more if somebody else changed the execution meanwhile", async () => {
    const { ask, notes, value } = storing(0, lose, lose);
    await ask();
    expect([notes(), value.hasStored]).toEqual([3, true]);
  });

  test("refuses what was settled meanwhile", async () => {
    const one = storing(0, () => {
      one.value.status = "failed";
      lose();
    });
    await expect(one.ask()).rejects.toMatchObject({ code: "LEASE_LOST" });
    await expect(one.ask()).rejects.toMatchObject({ code: "LEASE_LOST" });
  });

  test("gives up rather than store what nobody noted", async () => {
    const { ask } = storing(0, lose, lose, lose, lose, lose);
    await expect(ask()).rejects.toMatchObject({ code: "CONTENTION" });
  });

  test("costs nothing once no runner is believed to have done nothing", async () => {
    const { ask, notes } = storing(121_000);
    await ask();
    expect(notes()).toBe(0);
  });
});
