import { afterEach, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import type { AuditRow } from "../core/audit/audit-row.ts";
import { hourMs } from "../core/retention/periods.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditEntry, auditRows } from "../store/audit-rows.ts";
import type { CollectionRef, Write } from "../store/documents.ts";
import { detectRows } from "./detect-rows.ts";

const owner = auditedOwner(`user_${"a".repeat(21)}`);
const now = 400 * 24 * hourMs;
const row: Omit<AuditRow, "v" | "ownerId"> = {
  ...{ id: "audit_1", at: now, action: "budget.violated", subject: owner.id, requestId: "r" },
  ...{ actor: { type: "maintenance", id: "ledgers" }, facts: {}, sealedDetails: null },
};

/** One marked row, whose owner's ledger contradicts the account. */
class Marked extends MemoryStore {
  #isFound = false;

  async findDue({ schema }: Pick<CollectionRef, "schema">) {
    if (this.#isFound) return [];
    this.#isFound = true;
    const { path } = auditRows.of(owner, row.id);
    return [{ ref: { path, schema }, found: await this.require({ path, schema }) }];
  }
}

/** A database that commits, and dies or is lost before it says so. */
class Silent extends Marked {
  override async commitWithoutRetry(writes: readonly Write[]) {
    const versions = await super.commitWithoutRetry(writes);
    if (writes.length === 1) return versions;
    throw Object.assign(new Error("no answer"), { code: 14 });
  }
}

async function detectIn(store: Marked) {
  await store.commit([auditEntry(owner, row)]);
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  const deps = { store: store as never, now: () => now, random: (n: number) => Buffer.alloc(n) };
  const turn = { isLate: () => false, report: () => undefined };
  const counts = await detectRows(deps, {} as never, turn);
  return { counts, lines: lines.filter((line) => line.includes("incident.opened")) };
}

describe("INC-2 an incident that a detector opens", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("is announced once", async () => {
    const { counts, lines } = await detectIn(new Marked());
    expect(counts).toMatchObject({ rows: 1, incidents: 1, failed: 0 });
    expect(lines).toHaveLength(1);
  });

  test("is announced also if nobody learns that its commit has landed", async () => {
    const { counts, lines } = await detectIn(new Silent());
    expect(counts).toMatchObject({ incidents: 0, failed: 1 });
    expect(lines).toHaveLength(1);
  });
});
