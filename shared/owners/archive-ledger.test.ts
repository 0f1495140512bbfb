import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { appendLines, emptyArchive, readNext } from "../core/money/billing-archive.ts";
import { dayMs } from "../core/retention/periods.ts";
import { mintOwner } from "../identity/owner.ts";
import { type CollectionRef, create } from "../store/documents.ts";
import { type LedgerEntry, ledger } from "../store/owners.ts";
import type { SnapshotPage } from "../store/read-snapshot.ts";
import { archived } from "./archive-ledger.ts";
import { settledMs } from "./check-ledger.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const now = 100 * dayMs;
const lineOf = (id: string, createdAt: number): LedgerEntry =>
  ledger.of(owner, id).schema.parse({
    ...{ v: 1, id, type: "credit", amountMicrousd: 1, lossMicrousd: 0, createdAt },
    ...{ executionId: null, threadId: null, keyId: null, description: "" },
  });
/** Two that are settled, and one that another call, a moment later, finds settled as well. */
const lines = [
  lineOf("line_1", now - 2 * dayMs),
  lineOf("line_2", now - dayMs),
  lineOf("line_3", now - settledMs + 1),
] as const;

class Ledger extends MemoryStore {
  async withSnapshot<T>(read: (snapshot: object) => Promise<T>): Promise<T> {
    return await read({
      next: async (all: CollectionRef, { after, until = now, limit, field }: SnapshotPage) => {
        const orderBy = [[field, "asc"]] as const;
        const page = { orderBy, limit, offset: 0, ...(after ? { after } : {}) };
        const { items } = await this.page(all, page);
        const old = items.filter((item) => Reflect.get(item, field) <= until);
        return old.map((value) => ({ value }));
      },
    });
  }
}

const objects = new Map<number, Buffer>();

async function archive() {
  const store = new Ledger();
  await store.commit(lines.map((line) => create(ledger.of(owner, line.id), line)));
  const { archiveLedger } = await import("./archive-ledger.ts");
  return await archiveLedger(store as never, owner, { now });
}

describe("the archive of a ledger", () => {
  beforeEach(() => {
    objects.clear();
    vi.resetModules();
    vi.doMock("../google/billing-objects.ts", () => ({
      archiveName: () => "test",
      readBillingObject: async (_owner: object, number: number) => objects.get(number) ?? null,
      storeBillingObject: async (_owner: object, number: number, bytes: Buffer) => {
        if (!objects.has(number)) objects.set(number, bytes);
      },
    }));
  });
  afterEach(() => {
    vi.doUnmock("../google/billing-objects.ts");
    vi.resetModules();
  });

  test("takes the lines that are settled", async () => {
    expect(await archive()).toMatchObject({ lines: 2 });
    const read = readNext(emptyArchive(owner.id), objects.get(1) ?? Buffer.alloc(0));
    expect(read).toMatchObject({ lines: [{ id: "line_1" }, { id: "line_2" }] });
  });

  test.each([1, 3])("takes over the object of another call with %i of the lines", async (count) => {
    objects.set(1, appendLines(emptyArchive(owner.id), lines.slice(0, count).map(archived)).bytes);
    expect(await archive()).toMatchObject({ lines: count });
  });

  test("refuses an object with a line that the ledger doesn't have", async () => {
    const other = [...lines, lineOf("line_4", now)].map(archived);
    objects.set(1, appendLines(emptyArchive(owner.id), other).bytes);
    await expect(archive()).rejects.toMatchObject({ name: "ArchiveFork", number: 1 });
  });
});
