import pMap from "p-map";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { patch, type Write } from "../store/documents.ts";
import { schedules } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import { triggers } from "../store/triggers.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

/** More than an account may have of either, unless its deployment allows it. */
const perKeyMax = 1_000;
/** In one commit. One by one, a key with all that an account may have would end seconds later. */
const togetherMax = 100;
const concurrency = 8;
const paused = { enabled: false, pausedReason: "key" } as const;

/**
 * Pauses what acts with a key that was revoked. None of it can start anything any more, so this
 * only shows it (KEY-5). What another request changes meanwhile may act with that request's key,
 * and is left as it is. The tasks, which may be long, aren't read: who asks for the end of a key
 * waits for this (KEY-10).
 */
export async function pauseAutomations(
  store: Pick<Store, "findVersions" | "commit">,
  owner: Owner,
  keyId: string,
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
  const writes = [
    ...timedFound.map(({ path, version }) =>
      patch({ ...timed, path }, { ...paused, nextRunAt: null, dueAt: null }, { version }),
    ),
    ...sentFound.map(({ path, version }) => patch({ ...sent, path }, paused, { version })),
  ];
  const groups = Array.from({ length: Math.ceil(writes.length / togetherMax) }, (_, index) =>
    writes.slice(index * togetherMax, (index + 1) * togetherMax),
  );
  await pMap(groups, async (group) => await commitUnchanged(store, group), { concurrency });
}

/** What has changed since it was read keeps nothing else from being paused. */
async function commitUnchanged(
  store: Pick<Store, "commit">,
  writes: readonly Write[],
): Promise<void> {
  try {
    await withDeadline(store.commit(writes));
  } catch (cause) {
    if (!isConflict(cause)) throw cause;
    if (writes.length === 1) return;
    await pMap(writes, async (write) => await commitUnchanged(store, [write]), { concurrency });
  }
}
