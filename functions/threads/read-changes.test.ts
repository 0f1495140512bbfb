import { expect, test } from "vitest";
import { idOf } from "#shared/core/ids";
import { mintOwner } from "#shared/identity/owner";
import type { EventBatch } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { changesOf } from "./read-changes.ts";

const owner = mintOwner(idOf("owner", "o".repeat(21)), "production");
const executionId = idOf("execution", "x".repeat(21));

const batch = (sequence: number, isChange: boolean): EventBatch => {
  const change = { changeKind: "created", additions: 1, deletions: 0 } as const;
  const item = isChange
    ? ({ type: "file_change", path: `${sequence}.txt`, ...change } as const)
    : ({ type: "text", content: "said\n" } as const);
  const numbers = { firstSequence: sequence, lastSequence: sequence };
  const events = [{ sequence, at: sequence, item }];
  return { v: 1, ...numbers, events, expireAt: new Date(1_000_000) };
};

/** A log of 5,000 batches; the rest of the arguments are the numbers of those with a change. */
async function read(...changed: readonly number[]) {
  const log = Array.from({ length: 5_000 }, (_, index) => index + 1);
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
  const changes = await changesOf(store, owner, { executionId, now: 0 });
  return { looked, numbers: changes.map(({ number }) => number) };
}

test("TEN-1 a list of changed files reads the end of a log, however long that is", async () => {
  expect(await read(4_990, 4_991, 4_992)).toEqual({ looked: 12, numbers: [4_990, 4_991, 4_992] });
  expect(await read()).toEqual({ looked: 20, numbers: [] });
});
