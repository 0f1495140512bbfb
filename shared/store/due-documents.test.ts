import { type Query, Timestamp } from "@google-cloud/firestore";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { sequenceRows } from "../audit/sequence-rows.ts";
import { detectRows } from "../incidents/detect-rows.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditEntry, auditRows } from "./audit-rows.ts";
import type { CollectionRef, Write } from "./documents.ts";
import { type DueDocument, type DueRequest, readDue } from "./due-documents.ts";

const odd = auditedOwner(`user_${"a".repeat(21)}`);
const behind = auditedOwner(`user_${"b".repeat(21)}`);
const row = {
  ...{ id: "audit_1", at: 1, action: "budget.violated", subject: behind.id, requestId: "r" },
  ...{ actor: { type: "maintenance" as const, id: "ledgers" }, facts: {}, sealedDetails: null },
};

/** Pages of rows that a newer release wrote, and behind them one that can be read. */
class Odd extends MemoryStore {
  readonly #marks = Array.from({ length: 1_000 }, (_, index) => {
    return `${odd.id}/${String(index).padStart(15, "0")}/audit_x`;
  });

  async findDue<S extends z.ZodObject>({ schema }: CollectionRef<S>, request: DueRequest) {
    if (!("after" in request)) throw new Error("it is read by marks");
    const { after, upTo, field, limit } = request;
    const { path } = auditRows.of(behind, row.id);
    const stored = await this.get({ path, schema: z.looseObject({}) });
    const mark: unknown = stored.value && Reflect.get(stored.value, field);
    const marks = [...this.#marks, ...(typeof mark === "string" ? [mark] : [])];
    const due = marks.filter((each) => each > after && (!upTo || each <= upTo)).slice(0, limit);
    const read = async (place: string): Promise<DueDocument<S>> => {
      if (place === mark)
        return { ref: { path, schema }, found: await this.require({ path, schema }) };
      return { ref: { path: place, schema }, found: null, cause: null, place };
    };
    return await Promise.all(due.map(read));
  }

  /** The kit's store forgets no fields. */
  override async commitWithoutRetry(writes: readonly Write[]) {
    const versions = await super.commitWithoutRetry(writes);
    this.placed ||= writes.some(({ op, path }) => op === "patch" && path.endsWith(row.id));
    return versions;
  }
  placed = false;
}

async function newOdd() {
  const store = new Odd();
  await store.commit([auditEntry(behind, row)]);
  const random = (bytes: number) => Buffer.alloc(bytes);
  return { store, deps: { store: store as never, now: () => 1, random } };
}

describe("TEN-2 pages of rows that can't be read", () => {
  const turn = { isLate: () => false, report: () => undefined };

  test("don't keep the detector from those behind them", async () => {
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const { store, deps } = await newOdd();
    const counts = await detectRows(deps, {} as never, turn);
    expect(counts).toMatchObject({ rows: 1, failed: 1_000 });
    expect(store.placed).toBe(true);
    vi.restoreAllMocks();
  });

  test("don't keep the sequencer from those behind them", async () => {
    const { store, deps } = await newOdd();
    const once = { ...turn, isLate: () => store.placed };
    await sequenceRows(deps, Buffer.alloc(32), once);
    expect(store.placed).toBe(true);
  });

  test("are read with the place after which the next one begins", async () => {
    const doc = {
      ...{ ref: { path: "orders/one" }, updateTime: Timestamp.fromMillis(1) },
      ...{ data: () => ({ v: 2, mark: "m" }), get: (field: string) => ({ mark: "m" })[field] },
    };
    const query: object = new Proxy(
      {},
      {
        get: (_, name) =>
          name === "get" ? async () => await Promise.resolve({ docs: [doc] }) : () => query,
      },
    );
    const schema = z.object({ v: z.literal(1), mark: z.string() });
    const request = { field: "mark", after: "", limit: 1 };
    const [found] = await readDue(query as Query, schema, request);
    expect(found).toMatchObject({ found: null, place: "m" });
  });
});
