import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { patch } from "../store/documents.ts";
import { schedules } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import { triggers } from "../store/triggers.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";

/** More than an account may have of either, unless its deployment allows it. */
const perKeyMax = 1_000;
const paused = { enabled: false, pausedReason: "key" } as const;

/**
 * Pauses what acts with a key that was revoked. None of it can start anything any more, so this
 * only shows it (KEY-5). What another request changes meanwhile may act with that request's key,
 * and is left as it is.
 */
export async function pauseAutomations(store: Store, owner: Owner, keyId: string): Promise<void> {
  const where = [
    ["keyId", keyId],
    ["enabled", true],
  ] as const;
  const which = { where, orderBy: [], limit: perKeyMax };
  const [timed, sent] = await allInOrder([
    store.findAll(schedules.all(owner), which),
    store.findAll(triggers.all(owner), which),
  ]);
  const writes = [
    ...timed.map(({ ref, version }) =>
      patch(ref, { ...paused, nextRunAt: null, dueAt: null }, { version }),
    ),
    ...sent.map(({ ref, version }) => patch(ref, paused, { version })),
  ];
  for (const write of writes) {
    try {
      await withDeadline(store.commit([write]));
    } catch (cause) {
      if (!isConflict(cause)) throw cause;
    }
  }
}
