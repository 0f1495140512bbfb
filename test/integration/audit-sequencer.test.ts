/** Rows of changes become provable: trees, a map of heads, and a log with signed checkpoints. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { verifyExport } from "../../audit/verify-export.ts";
import { auditLog } from "../../local/cloud/names.ts";
import {
  expectOneLog,
  expectSequenced,
  exportOf,
  logOf,
  logPublicKey,
  newOwnerId,
  plantRows,
  rowsOf,
  sequence,
  storedNote,
  treeOf,
} from "../kit/audit-trail.ts";
import { send } from "../kit/client.ts";
import { orderFault, releaseHeld, until, untilHeld } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newOwner } from "../kit/owners.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { ShiftedClock } from "../kit/shifted-clock.ts";
import { firestore } from "../kit/store.ts";

const dayMs = 86_400_000;
const pass = { kind: "delay", delayMs: 0 } as const;
const asides: FunctionAside[] = [];

/** More processes of the sequencer, with a log that no other test uses. */
async function start(count: number, origin: string, clock?: ShiftedClock) {
  const settings = { PADDOCK_AUDIT_LOG: origin };
  const started = await startAsides("audit-sequencer", count, {
    settings,
    ...(clock ? { clock } : {}),
  });
  asides.push(...started);
  return started;
}

async function startOne(origin: string, clock?: ShiftedClock): Promise<FunctionAside> {
  const [one] = await start(1, origin, clock);
  if (!one) throw new Error("none was started");
  return one;
}

/** Calls until a call has nothing left to do. */
async function sequenceAll(address?: string): Promise<void> {
  await until("a call of the sequencer with nothing to do", async () => {
    const { status, text } = await sequence(address);
    expect(status, text).toBe(200);
    const { sequenced, raced, failed, published } = JSON.parse(text);
    expect(failed).toBe(0);
    return sequenced + raced + published === 0;
  });
}

async function* asLines(lines: readonly Buffer[]) {
  yield* lines;
}

/** Rows that other tests have left take time from nobody's test. */
beforeAll(async () => {
  await sequenceAll();
});

afterEach(async () => {
  await orderFault("kms", null);
  await orderFault("storage", null);
  await Promise.all(asides.splice(0).map((aside) => aside.stop()));
});

describe("AUD-5 the sequencer", () => {
  test("makes a trail provable with the public key alone, and a cut one isn't", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    for (const name of ["one", "two", "three"]) {
      const made = await send("/v1/agents", { key: owner.key, body: { name, model: "shell" } });
      expect(made.status).toBe(201);
    }
    await sequenceAll();
    const rows = await rowsOf(owner.id);
    expect(rows.map(({ action }) => action)).toContain("agent.created");
    await expectSequenced(owner.id, rows.length);
    const lines = await exportOf(owner.id);
    const keys = { logs: [{ name: auditLog, publicKey: await logPublicKey() }], witnesses: [] };
    const { header } = await verifyExport(() => asLines(lines), keys);
    expect(header.head).toMatchObject({ ownerId: owner.id, size: rows.length });
    await expect(verifyExport(() => asLines(lines.slice(0, -1)), keys)).rejects.toThrow(
      `entry ${rows.length} of ${rows.length} and all later ones are missing`,
    );
    await expectOneLog();
  });

  test("notices a row that somebody changed in the database afterwards", async () => {
    const ownerId = newOwnerId();
    await plantRows(ownerId, 3);
    await sequenceAll();
    const [, second] = await rowsOf(ownerId);
    await firestore().doc(`owners/${ownerId}/audit/${second?.id}`).update({ at: 5 });
    const lines = await exportOf(ownerId);
    const keys = { logs: [{ name: auditLog, publicKey: await logPublicKey() }], witnesses: [] };
    await expect(verifyExport(() => asLines(lines), keys)).rejects.toThrow(
      `Entry 2 of 3 (${second?.id}) was edited.`,
    );
  });

  test.runIf(isTurn(1, 3))(
    "works off a backlog in one call, at one read and one write per row",
    async () => {
      const aside = await startOne("paddock.local/audit/backlog");
      const owners = [newOwnerId(), newOwnerId(), newOwnerId()];
      await sequenceAll(aside.baseUrl);
      const counts = [900, 5, 1];
      for (const [index, id] of owners.entries()) await plantRows(id, counts[index] ?? 0);
      aside.proxy.reset();
      const { json } = await sequence(aside.baseUrl);
      expect(json).toMatchObject({ sequenced: 906, failed: 0, published: 3, forked: false });
      for (const [index, id] of owners.entries()) await expectSequenced(id, counts[index] ?? 0);
      const { reads, writes } = aside.proxy.counters();
      expect(reads).toBeLessThanOrEqual(906 * 1.05);
      expect(writes).toBeLessThanOrEqual(906 * 1.05);
    },
  );

  test.runIf(isTurn(0, 3))(
    "gives each row one place, though several instances work at once",
    async () => {
      const instances = await start(3, "paddock.local/audit/several");
      const owners = [newOwnerId(), newOwnerId(), newOwnerId()];
      const rounds = 4;
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(owners.map((id) => plantRows(id, 30, (number) => number)));
        const answers = await Promise.all(instances.map(({ baseUrl }) => sequence(baseUrl)));
        for (const { status, text } of answers) expect([200, 503], text).toContain(status);
      }
      await sequenceAll(instances[0]?.baseUrl);
      for (const id of owners) await expectSequenced(id, 30 * rounds);
      await expectOneLog("paddock.local/audit/several");
    },
  );

  const points = [
    ...(["hold-before", "hold-after"] as const).flatMap((kind) =>
      ["the rows' commit", "the epoch's commit", "the commit that closes the epoch"].map(
        (what, before) => ({ what, kind, target: "Firestore", method: "Commit", before }),
      ),
    ),
    { what: "signing", kind: "hold-before", target: "kms", method: "AsymmetricSign", before: 0 },
    { what: "storing", kind: "hold-before", target: "storage", method: "upload", before: 0 },
  ] as const;

  test.each(sharedOut(points, points.length))(
    "loses nothing if it is killed at $what ($kind)",
    async (point) => {
      const origin = `paddock.local/audit/kill-${points.indexOf(point)}`;
      const aside = await startOne(origin);
      const ownerId = newOwnerId();
      await plantRows(ownerId, 2);
      await sequenceAll(aside.baseUrl);
      await plantRows(ownerId, 3);
      const { target, method, kind, before } = point;
      const { faults } = aside.proxy;
      if (target === "Firestore") {
        faults.order(method, pass, before);
        faults.order(method, { kind });
      } else await orderFault(target, { method, fault: { kind }, calls: 1 });
      const ended = sequence(aside.baseUrl).catch(() => null);
      if (target === "Firestore") {
        await until("a commit that is held", async () => faults.held === 1);
      } else await untilHeld(target);
      await aside.kill();
      await ended;
      if (target === "Firestore") faults.clear();
      else await releaseHeld(target);
      await until("the process to be back", async () => {
        return (await sequence(aside.baseUrl).catch(() => null))?.status === 200;
      });
      await sequenceAll(aside.baseUrl);
      await expectSequenced(ownerId, 5);
      await expectOneLog(origin);
    },
  );

  test.runIf(isTurn(1, 3))(
    "never dates an epoch before the last one, though the clock goes back",
    async () => {
      const origin = "paddock.local/audit/clock";
      const clock = new ShiftedClock();
      clock.set(Date.now());
      const aside = await startOne(origin, clock);
      const ownerId = newOwnerId();
      for (const [round, shiftMs] of [0, -dayMs, -2 * dayMs].entries()) {
        clock.set(Date.now() + shiftMs);
        await plantRows(ownerId, 2, () => Date.now() + shiftMs);
        await sequenceAll(aside.baseUrl);
        await expectSequenced(ownerId, 2 * (round + 1));
      }
      const times = (await expectOneLog(origin)).map(({ at }) => at);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(times.length).toBeGreaterThanOrEqual(3);
    },
  );

  test.runIf(isTurn(2, 3))(
    "signs nothing that doesn't continue the stored checkpoints",
    async () => {
      const origin = "paddock.local/audit/restored";
      const aside = await startOne(origin);
      const ownerId = newOwnerId();
      await plantRows(ownerId, 1);
      await sequenceAll(aside.baseUrl);
      const place = firestore().doc(`auditLogs/${encodeURIComponent(origin)}`);
      const before = (await place.get()).data() ?? {};
      await plantRows(ownerId, 1);
      await sequenceAll(aside.baseUrl);
      const { size } = await logOf(origin);
      const note = await storedNote(size, origin);
      // As after a restore of the database to the time before the last epoch.
      await place.set(before);
      await plantRows(ownerId, 1);
      const { json } = await sequence(aside.baseUrl);
      expect(json).toMatchObject({ sequenced: 1, forked: true });
      expect(await storedNote(size, origin)).toBe(note);
      expect(await storedNote(size + 1, origin)).toBeNull();
      expect((await logOf(origin)).size).toBe(before.size);
      expect((await treeOf(ownerId)).size).toBe(3);
      // A new name begins a new log, which has all heads from then on.
      const next = await startOne("paddock.local/audit/restored-2");
      await plantRows(ownerId, 1);
      await sequenceAll(next.baseUrl);
      await expectSequenced(ownerId, 4);
      await expectOneLog("paddock.local/audit/restored-2");
    },
  );
});
