import { Firestore, Transaction } from "@google-cloud/firestore";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReadSnapshot } from "./read-snapshot.ts";
import { storageUsages } from "./usage.ts";
import { withDeadlineEach } from "./with-deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const wait = async (ms: number) => await new Promise((done) => setTimeout(done, ms));
const db = new Firestore({ projectId: "paddock-test" });
const ref = { path: "owners/user_1/usage/storage", schema: storageUsages.schema };

/** A snapshot each of whose reads is answered after this time. */
function snapshot(eachMs: number, answered: () => void): ReadSnapshot {
  const transaction: Transaction = Object.assign(Object.create(Transaction.prototype), {
    async get() {
      await wait(eachMs);
      return { exists: false, data: () => ({ count: 0 }), docs: [] };
    },
    async getAll() {
      await wait(eachMs);
      return [{ ref: db.doc(ref.path), exists: false, data: () => undefined }];
    },
  });
  return new ReadSnapshot(db, transaction, answered);
}

/** What became of as many steps of a snapshot as these. */
async function outcomeOf(
  eachMs: number,
  steps: readonly ((one: ReadSnapshot) => Promise<unknown>)[],
): Promise<string> {
  const work = withDeadlineEach(async (answered) => {
    const one = snapshot(eachMs, answered);
    for (const step of steps) await step(one);
    return "read";
  });
  const outcome = work.catch((error: unknown) => Object(error).code ?? String(error));
  await vi.advanceTimersByTimeAsync(120_000);
  return await outcome;
}

const get = (one: ReadSnapshot) => one.get(ref);
const kinds = [
  get,
  (one: ReadSnapshot) => one.getParts(ref.schema, [ref]),
  (one: ReadSnapshot) => one.count({ path: "owners", schema: ref.schema }, []),
  (one: ReadSnapshot) => one.next({ path: "owners", schema: ref.schema }, page),
  (one: ReadSnapshot) => one.nextParts({ path: "owners", schema: ref.schema }, ref.schema, page),
];
const page = { field: "v", after: null, limit: 1 };

test.each(kinds.map((kind) => [kind] as const))(
  "a snapshot is read for as long as each read is answered in time",
  async (kind) => {
    expect(await outcomeOf(6_000, [kind, kind, kind, kind])).toBe("read");
  },
);

test("one read that isn't answered in time is refused", async () => {
  expect(await outcomeOf(11_000, [get])).toBe("UNAVAILABLE");
});

test("reads that don't come to an end are refused", async () => {
  const many = Array.from({ length: 20 }, () => get);
  expect(await outcomeOf(6_000, many)).toBe("UNAVAILABLE");
});
