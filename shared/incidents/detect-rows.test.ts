import { afterEach, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { noSettings } from "../answers/notification-body.ts";
import type { AuditRow } from "../core/audit/audit-row.ts";
import { IncidentThresholds } from "../core/incidents/thresholds.ts";
import { hourMs } from "../core/retention/periods.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditEntry, auditRows } from "../store/audit-rows.ts";
import { type CollectionRef, create, patch, type Write } from "../store/documents.ts";
import { incidents } from "../store/incidents.ts";
import {
  deliveries,
  NotificationSettings,
  notificationSettings,
  notificationSettingsId,
} from "../store/notifications.ts";
import { detectRows } from "./detect-rows.ts";

const owner = auditedOwner(`user_${"a".repeat(21)}`);
const now = 400 * 24 * hourMs;
const row: Omit<AuditRow, "v" | "ownerId" | "id" | "at"> = {
  ...{ action: "budget.violated", subject: owner.id, requestId: "r" },
  ...{ actor: { type: "maintenance", id: "ledgers" }, facts: {}, sealedDetails: null },
};

/** Marked rows, each of which says that the owner's ledger contradicts the account. */
class Marked extends MemoryStore {
  readonly #due: string[] = [];

  async mark(nowMs: number, what: Partial<typeof row> = {}) {
    const id = `audit_${nowMs}`;
    await this.commit([auditEntry(owner, { ...row, ...what, id, at: nowMs })]);
    this.#due.push(id);
  }

  async findDue({ schema }: Pick<CollectionRef, "schema">) {
    const refs = this.#due.splice(0).map((id) => ({ path: auditRows.of(owner, id).path, schema }));
    return await Promise.all(refs.map(async (ref) => ({ ref, found: await this.require(ref) })));
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

async function detectIn(store: Marked, nowMs = now) {
  await store.mark(nowMs);
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  const deps = { store: store as never, now: () => nowMs, random: (n: number) => Buffer.alloc(n) };
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

  test("doesn't hide what goes on after it was closed", async () => {
    const store = new Marked();
    const close = async (closedAt: number) => {
      const found = await store.findAll(incidents.all(), { limit: 10 });
      const open = found.filter(({ value }) => value.phase !== "closed");
      await store.commit(open.map(({ ref }) => patch(ref, { phase: "closed", closedAt })));
      return open.map(({ value }) => [value.openedAt, value.lastAt]);
    };
    const opened = async (nowMs: number) => {
      const { counts, lines } = await detectIn(store, nowMs);
      expect(lines).toHaveLength(counts.incidents);
      return counts.incidents;
    };
    expect(await opened(now)).toBe(1);
    expect(await opened(now + 1)).toBe(0);
    expect(await close(now + 2)).toEqual([[now, now + 1]]);
    // Known when it was closed.
    expect(await opened(now + 3)).toBe(0);
    expect(await opened(now + 2 + hourMs)).toBe(1);
    expect(await opened(now + 3 + hourMs)).toBe(0);
    const further = [[now + 2 + hourMs, now + 3 + hourMs]];
    expect(await close(now + 4 + hourMs)).toEqual(further);
    expect(await opened(now + 5 + 2 * hourMs)).toBe(1);
    expect(await close(now + 6 + 2 * hourMs)).toHaveLength(1);
  });
});

test("INC-6 an owner is told of 50 anomalies of a kind a day, and all are stored", async () => {
  const store = new Marked();
  for (let index = 0; index < 120; index += 1) {
    await store.mark(now + index, { action: "key.new_network", subject: `key_${index}` });
  }
  const settings = { ...noSettings, webhookUrl: "https://hook.example/", networks: ["webhook"] };
  const stored = NotificationSettings.parse(settings);
  await store.commit([create(notificationSettings.of(owner, notificationSettingsId), stored)]);
  const deps = { store: store as never, now: () => now, random: (n: number) => Buffer.alloc(n) };
  const turn = { isLate: () => false, report: () => undefined };
  const counts = await detectRows(deps, IncidentThresholds.parse({}), turn);
  expect(counts).toMatchObject({ rows: 120, anomalies: 120, failed: 0 });
  expect(await store.findAll(deliveries.all(), { limit: 1_000 })).toHaveLength(50);
});

test("TEN-1 a backlog of one owner's rows keeps another's waiting for one page of them", async () => {
  const store = new MemoryStore();
  const other = auditedOwner(`user_${"b".repeat(21)}`);
  const entries = [
    ...Array.from({ length: 450 }, (_, number) => ({
      of: owner,
      id: `audit_${number}`,
      at: number,
    })),
    { of: other, id: "audit_other", at: 1 },
  ];
  // They say nothing that a detector looks at; what counts is when they are judged.
  const rows = entries.map(({ of, ...one }) => ({
    ref: auditRows.of(of, one.id),
    write: auditEntry(of, { ...row, action: "key.refused", ...one }),
  }));
  for (let first = 0; first < rows.length; first += 100) {
    await store.commit(rows.slice(first, first + 100).map(({ write }) => write));
  }
  store.tried.splice(0);
  let pages = 0;
  const findDue = async (
    { schema }: CollectionRef,
    { after, upTo, limit }: { after: string; upTo: string | null; limit: number },
  ) => {
    pages += 1;
    const found = await Promise.all(rows.map(async ({ ref }) => await store.require(ref)));
    const due = found
      .filter(({ value: { undetected: mark = "" } }) => mark > after && (!upTo || mark <= upTo))
      .toSorted((a, b) => ((a.value.undetected ?? "") < (b.value.undetected ?? "") ? -1 : 1));
    return due.slice(0, limit).map((one) => ({ ref: { ...one.ref, schema }, found: one }));
  };
  const deps = { store: Object.assign(store, { findDue }) as never, now: () => now };
  const turn = { isLate: () => pages >= 2, report: () => undefined };
  await detectRows({ ...deps, random: (n) => Buffer.alloc(n) }, {} as never, turn);
  expect(store.tried.flat()).toContain(auditRows.of(other, "audit_other").path);
});
