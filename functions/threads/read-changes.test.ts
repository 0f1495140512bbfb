import { describe, expect, test } from "vitest";
import { idOf } from "#shared/core/ids";
import { mintOwner } from "#shared/identity/owner";
import type { EventBatch, Execution } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { changesOf } from "./read-changes.ts";

const owner = mintOwner(idOf("owner", "o".repeat(21)), "production");

const batch = (sequence: number, isChange: boolean): EventBatch => {
  const change = { changeKind: "created", additions: 1, deletions: 0 } as const;
  const item = isChange
    ? ({ type: "file_change", path: `${sequence}.txt`, ...change } as const)
    : ({ type: "text", content: "said\n" } as const);
  const numbers = { firstSequence: sequence, lastSequence: sequence };
  const events = [{ sequence, at: sequence, item }];
  return { v: 1, ...numbers, events, expireAt: new Date(1_000_000) };
};

const ended = {
  id: idOf("execution", "x".repeat(21)),
  workspaceState: "saved",
  eventsLastSequence: 5_000,
  createdAt: 0,
  endedAt: 0,
} satisfies Partial<Execution>;

interface Log {
  readonly length?: number;
  /** The numbers of those batches that have a change. */
  readonly changed?: readonly number[];
  readonly now?: number;
  readonly execution?: Parameters<typeof changesOf>[2]["execution"];
}

async function read({ length = 5_000, changed = [], now = 0, execution = ended }: Log) {
  const log = Array.from({ length }, (_, index) => index + 1);
  let looked = 0;
  const findFitting: unknown = async (
    _all: unknown,
    _page: unknown,
    { isEnough }: { readonly isEnough: (value: EventBatch) => boolean },
  ) => {
    const found: { readonly value: EventBatch }[] = [];
    for (const sequence of log.toReversed()) {
      const value = batch(sequence, changed.includes(sequence));
      looked += 1;
      found.push({ value });
      if (isEnough(value)) break;
    }
    return found;
  };
  const store = { findFitting } as ReadStore;
  const { changes, complete } = await changesOf(store, owner, { execution, now });
  return { looked, numbers: changes.map(({ number }) => number), complete };
}

test("TEN-1 a list of changed files reads the end of a log, however long that is", async () => {
  const changed = [4_990, 4_991, 4_992];
  expect(await read({ changed })).toEqual({ looked: 12, numbers: changed, complete: true });
  expect(await read({})).toEqual({ looked: 20, numbers: [], complete: false });
});

describe("a list of changed files isn't complete", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => 4_800 + index);

  test.each([
    [99, true],
    [100, false],
  ])("if a runner reports %i, and 100 are the most: %s", async (count, complete) => {
    const found = await read({ length: 4_799 + count, changed: numbers(count) });
    expect(found).toMatchObject({ numbers: numbers(count), complete });
  });

  test("once the log has expired, is erased, or is gone", async () => {
    const late = { changed: [4_990], now: 2_000_000 };
    expect(await read(late)).toMatchObject({ numbers: [], complete: false });
    expect(await read({ length: 0 })).toMatchObject({ numbers: [], complete: false });
    const erased = { ...ended, eventsLastSequence: 0 };
    expect(await read({ execution: erased })).toMatchObject({ looked: 0, complete: false });
  });

  test("but is where nothing was saved", async () => {
    for (const workspaceState of ["unchanged", "not_saved", null] as const) {
      const execution = { ...ended, workspaceState };
      expect(await read({ execution })).toMatchObject({ numbers: [], complete: true });
    }
  });
});
