import { Timestamp } from "@google-cloud/firestore";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { ApiError } from "../errors/api-error.ts";
import { patch, type Ref, type Version, type Write } from "../store/documents.ts";
import type { DueDocument } from "../store/due-documents.ts";
import { type SweepTurn, sweepEach, sweepingMsMax } from "./sweep-each.ts";

const Due = z.object({ v: z.literal(1), dueAt: z.int() });
const nameOf = ({ path }: Ref) => path.slice("orders/".length);
const refOf = (name: string): Ref<typeof Due> => ({ path: `orders/${name}`, schema: Due });

async function dueDocument(store: MemoryStore, name: string): Promise<DueDocument<typeof Due>> {
  const ref = refOf(name);
  return { ref, found: await store.require(ref) };
}

/** Orders that are due since 1, 2, 3 …, and what is done to them. */
async function newOrders(names: readonly string[]) {
  const store = new MemoryStore();
  let nowMs = 1_000_000;
  for (const [index, name] of names.entries()) {
    const value = { v: 1, dueAt: index + 1 };
    await store.commit([{ op: "create", path: refOf(name).path, value }]);
  }
  const dueAtOf = async (name: string) => (await store.get(refOf(name))).value?.dueAt ?? 0;
  const due = async () => {
    const all = await Promise.all(names.map(async (name) => [name, await dueAtOf(name)] as const));
    const now = all.filter(([, dueAt]) => dueAt <= nowMs).sort(([, a], [, b]) => a - b);
    return await Promise.all(now.map(async ([name]) => await dueDocument(store, name)));
  };
  const sweep = async (work: (name: string) => Promise<void>) => {
    const begun: string[] = [];
    const done = sweepEach({ store, now: () => nowMs }, await due(), {
      concurrency: 1,
      dueField: "dueAt",
      work: async ({ ref }) => {
        const name = nameOf(ref);
        begun.push(name);
        await work(name);
        return name;
      },
      failure: { message: "an order failed", facts: () => ({}) },
      failed: "failed",
    });
    return { begun, done };
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { store, sweep, pass };
}

const never = new Promise<void>(() => undefined);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("TEN-2 sweepEach()", () => {
  test("doesn't begin a call that follows one that was cut with what that was cut at", async () => {
    const { sweep, pass } = await newOrders(["endless", "second", "third"]);
    const cut = await sweep(async () => await never);
    for (let turns = 0; turns < 100 && cut.begun.length === 0; turns += 1) await turn();
    expect(cut.begun).toEqual(["endless"]);
    pass(300_000);
    const { begun, done } = await sweep(async () => undefined);
    await done;
    expect(begun).toEqual(["second", "third", "endless"]);
  });

  test("begins nothing once the call's time is over", async () => {
    const { sweep, pass } = await newOrders(["slow", "second"]);
    const { begun, done } = await sweep(async () => pass(sweepingMsMax + 1));
    expect(await done).toEqual(["slow"]);
    expect(begun).toEqual(["slow"]);
  });

  test("goes on behind what failed, and leaves what somebody else has taken", async () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const { store, sweep } = await newOrders(["bad", "taken", "good"]);
    store.before = async (writes: readonly Write[]) => {
      store.before = async () => undefined;
      const fields = { dueAt: 2_000_000 };
      const version: Version | null = null;
      await store.commitWithoutRetry([
        { op: "patch", path: refOf("taken").path, fields, increments: {}, version },
      ]);
      expect(writes).toHaveLength(1);
    };
    const { done } = await sweep(async (name) => {
      if (name === "bad") throw new Error("each time");
    });
    expect(await done).toEqual(["failed", "good"]);
    expect(write.mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([
      { severity: "ERROR", message: "an order failed" },
    ]);
    write.mockRestore();
  });

  test("tells its work when the document had been changed before it was put off", async () => {
    const { store } = await newOrders(["one"]);
    const before = (await store.get(refOf("one"))).version;
    const turns: SweepTurn[] = [];
    await sweepEach({ store, now: () => 5 }, [await dueDocument(store, "one")], {
      concurrency: 1,
      dueField: "dueAt",
      work: async (_, turn) => void turns.push(turn),
      failure: { message: "an order failed", facts: () => ({}) },
      failed: undefined,
    });
    const version = new Timestamp((before?.seconds ?? 0) + 1, 0);
    expect(turns).toMatchObject([{ changedAt: before, version }]);
    expect(turns[0]?.isLate()).toBe(false);
  });

  test("hands over what a document says when its turn comes, and not when it was found", async () => {
    const { store } = await newOrders(["first", "second"]);
    const due = [await dueDocument(store, "first"), await dueDocument(store, "second")];
    const seen: number[] = [];
    await sweepEach({ store, now: () => 1_000 }, due, {
      concurrency: 1,
      dueField: "dueAt",
      work: async ({ value }) => {
        seen.push(value.dueAt);
        await store.commit([patch(refOf("second"), { dueAt: 7 })]);
      },
      failure: { message: "an order failed", facts: () => ({}) },
      failed: undefined,
    });
    expect(seen).toEqual([1, 7]);
  });

  test.each([
    ["of a newer release", { v: 2 }],
    ["without a version", {}],
    ["that is damaged", { v: 1, more: "x" }],
  ])("puts off a document %s, which it can't read", async (_what, odd) => {
    const Strict = Due.extend({ more: z.int().optional() });
    const ref: Ref<typeof Strict> = { path: "orders/odd", schema: Strict };
    const store = new MemoryStore();
    await store.commit([{ op: "create", path: ref.path, value: { ...odd, dueAt: 1 } }]);
    const unread = { ref, found: null, cause: new Error("odd"), place: 1 } as const;
    await sweepEach({ store, now: () => 1_000 }, [unread], {
      concurrency: 1,
      dueField: "dueAt",
      work: async () => "worked on",
      failure: { message: "an order failed", facts: () => ({}) },
      failed: "failed",
    });
    const DueAlone = z.looseObject({ v: z.int().optional(), dueAt: z.int() });
    const after = await store.get({ path: ref.path, schema: DueAlone });
    expect(after.value?.dueAt).toBeGreaterThan(1_000);
  });

  test("makes nothing due again that it couldn't look at for a moment", async () => {
    const { store } = await newOrders(["one"]);
    const due = [await dueDocument(store, "one")];
    vi.spyOn(store, "get").mockRejectedValueOnce(new ApiError("UNAVAILABLE"));
    const outcomes = await sweepEach({ store, now: () => 1_000 }, due, {
      concurrency: 1,
      dueField: "dueAt",
      work: async () => "worked on",
      failure: { message: "an order failed", facts: () => ({}) },
      failed: "failed",
    });
    expect(outcomes).toEqual([]);
    expect((await store.get(refOf("one"))).value?.dueAt).toBe(1);
  });
});
