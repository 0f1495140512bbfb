/**
 * Which of an owner's keys may still start something. The account stores this because every start
 * commits a change of the account. A start that was decided before a key was closed fails to
 * commit, is decided again with this state, and is refused. So no start slips in behind a
 * revocation (KEY-5).
 */
import * as z from "zod";

export const Admission = z.object({
  /** When an operator suspended the owner. */
  suspendedAt: z.int().nullable().default(null),
  /**
   * Keys that were closed recently, and when. Older entries aren't needed: no request is that old.
   */
  closedKeys: z.record(z.string(), z.int()).default({}),
});
export type Admission = z.infer<typeof Admission>;

/** Longer than any request lives: 60 s until its body has arrived, and then seconds. */
export const rememberedMs = 15 * 60_000;

export const openAdmission: Admission = { suspendedAt: null, closedKeys: {} };

/** Whether a request that this key sent may still start an execution or make a key. */
export function admits({ suspendedAt, closedKeys }: Admission, keyId: string): boolean {
  return suspendedAt === null && !Object.hasOwn(closedKeys, keyId);
}

/** Once the result is committed, the key can't start anything any more. */
export function close(before: Admission, keyId: string, now: number): Admission {
  const { closedKeys } = remembered(before, now);
  return { ...before, closedKeys: { ...closedKeys, [keyId]: now } };
}

/** Drops keys that were closed too long ago for any of their requests to be alive. */
export function remembered(admission: Admission, now: number): Admission {
  const recent = Object.entries(admission.closedKeys).filter(([, at]) => at > now - rememberedMs);
  return { ...admission, closedKeys: Object.fromEntries(recent) };
}
