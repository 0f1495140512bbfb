import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import type { AuditRow } from "../core/audit/audit-row.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditEntry, auditRows } from "../store/audit-rows.ts";
import { auditNodes, auditTreeId, auditTrees } from "../store/audit-trees.ts";
import { type CollectionRef, create, patch } from "../store/documents.ts";
import { sequenceRows } from "./sequence-rows.ts";

const owner = auditedOwner(`user_${"a".repeat(21)}`);
const rowsCount = 300;
const ids = Array.from({ length: rowsCount }, (_, index) => `audit_${index}`);
const row: Omit<AuditRow, "v" | "ownerId" | "id"> = {
  ...{ at: 1, action: "budget.violated", subject: owner.id, requestId: "r" },
  ...{ actor: { type: "maintenance", id: "ledgers" }, facts: {}, sealedDetails: null },
};

/** Rows of one owner, more than a subtree whose root is stored. */
class Unsequenced extends MemoryStore {
  #isFound = false;

  async findDue({ schema }: Pick<CollectionRef, "schema">) {
    if (this.#isFound) return [];
    this.#isFound = true;
    const refs = ids.map((id) => ({ path: auditRows.of(owner, id).path, schema }));
    return Promise.all(refs.map(async (ref) => ({ ref, found: await this.require(ref) })));
  }
}

async function sequenced(store: Unsequenced) {
  await store.commit(ids.map((id) => auditEntry(owner, { ...row, id })));
  const reports: string[] = [];
  const turn = { isLate: () => false, report: (message: string) => reports.push(message) };
  const deps = { store: store as never, now: () => 1, random: (n: number) => Buffer.alloc(n) };
  const counts = await sequenceRows(deps, Buffer.alloc(32), turn as never);
  return { counts, reports: reports.length };
}

describe("AUD-5 rows that get no place", () => {
  const nothing = { sequenced: 0, raced: 0, failed: 0 };

  test("because others have changed one of them, or the tree, are tried again", async () => {
    const [first = ""] = ids;
    const changes = [
      patch(auditRows.of(owner, first), { sequence: 0 }, { removes: ["unsequenced"] }),
      create(auditTrees.of(owner, auditTreeId), {
        ...{ v: 1, ownerId: owner.id, size: 0, roots: [], unpublished: null, published: null },
      }),
    ];
    for (const change of changes) {
      const store = new Unsequenced();
      store.before = async (writes) => {
        if (writes.length <= rowsCount) return;
        store.before = async () => {};
        await store.commit([change]);
      };
      const expected = { counts: { ...nothing, raced: rowsCount }, reports: 0 };
      expect(await sequenced(store)).toEqual(expected);
    }
  });

  test("because a document is there that shouldn't be are reported", async () => {
    const store = new Unsequenced();
    await store.commit([create(auditNodes.of(owner, "8-0"), { v: 1, hash: "00".repeat(32) })]);
    const expected = { counts: { ...nothing, failed: rowsCount }, reports: 1 };
    expect(await sequenced(store)).toEqual(expected);
  });

  test("are none otherwise", async () => {
    const expected = { counts: { ...nothing, sequenced: rowsCount }, reports: 0 };
    expect(await sequenced(new Unsequenced())).toEqual(expected);
  });
});
