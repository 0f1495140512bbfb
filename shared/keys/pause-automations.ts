import pMap from "p-map";
import type { IdKind } from "../core/ids.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { StoppedBy } from "../executions/stop-executions.ts";
import type { Owner } from "../identity/owner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { patch, type Write } from "../store/documents.ts";
import { schedules } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import { triggers } from "../store/triggers.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

/** More than an account may have of either, unless its deployment allows it. */
const perKeyMax = 1_000;
/** In one commit. One by one, a key with all that an account may have would end seconds later. */
const togetherMax = 50;
const concurrency = 8;
const paused = { enabled: false, pausedReason: "key" } as const;

interface Pausing {
  readonly store: Pick<Store, "findVersions" | "commit">;
  now(): number;
  newId(kind: IdKind): string;
}

/** What one of them takes: the change, and its row in the audit trail. */
type Pause = readonly [change: Write, row: Write];

/**
 * Pauses what acts with a key that was revoked. None of it can start anything any more, so this
 * only shows it (KEY-5). What another request changes meanwhile may act with that request's key,
 * and is left as it is. The tasks, which may be long, aren't read: who asks for the end of a key
 * waits for this (KEY-10).
 */
export async function pauseAutomations(
  { store, now, newId }: Pausing,
  owner: Owner,
  { keyId, by }: { readonly keyId: string; readonly by: StoppedBy },
): Promise<void> {
  const where = [
    ["keyId", keyId],
    ["enabled", true],
  ] as const;
  const which = { where, limit: perKeyMax };
  const [timed, sent] = [schedules.all(owner), triggers.all(owner)];
  const [timedFound, sentFound] = await allInOrder([
    store.findVersions(timed, which),
    store.findVersions(sent, which),
  ]);
  const rowOf = (action: "schedule.paused" | "trigger.paused", path: string) =>
    auditEntry(owner, {
      ...{ id: newId("auditRow"), at: now(), ...by, action, sealedDetails: null },
      subject: path.slice(path.lastIndexOf("/") + 1),
      facts: { reason: paused.pausedReason, keyId },
    });
  const pauses: readonly Pause[] = [
    ...timedFound.map(({ path, version }): Pause => {
      const fields = { ...paused, nextRunAt: null, dueAt: null };
      return [patch({ ...timed, path }, fields, { version }), rowOf("schedule.paused", path)];
    }),
    ...sentFound.map(
      ({ path, version }): Pause => [
        patch({ ...sent, path }, paused, { version }),
        rowOf("trigger.paused", path),
      ],
    ),
  ];
  const groups = Array.from({ length: Math.ceil(pauses.length / togetherMax) }, (_, index) =>
    pauses.slice(index * togetherMax, (index + 1) * togetherMax),
  );
  await pMap(groups, async (group) => await commitUnchanged(store, group), { concurrency });
}

/** What has changed since it was read keeps nothing else from being paused. */
async function commitUnchanged(
  store: Pick<Store, "commit">,
  pauses: readonly Pause[],
): Promise<void> {
  try {
    await withDeadline(store.commit(pauses.flat()));
  } catch (cause) {
    if (!isConflict(cause)) throw cause;
    if (pauses.length === 1) return;
    await pMap(pauses, async (one) => await commitUnchanged(store, [one]), { concurrency });
  }
}
