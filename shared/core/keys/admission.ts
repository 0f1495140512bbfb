/**
 * Admission says which of an owner's keys may still start something. The account stores it, because
 * every start commits a change of the account. If a key is closed after a start was decided, the
 * start's commit fails; it is decided again with the new admission, and refused. So nothing starts
 * after a revocation (KEY-5).
 */
import * as z from "zod";

export const Admission = z.object({
  /** When an operator suspended the owner. */
  suspendedAt: z.int().nullable().default(null),
  /**
   * Keys that were closed recently, and when. Older ones aren't needed, since no request is so old.
   */
  closedKeys: z.record(z.string(), z.int()).default({}),
});
export type Admission = z.infer<typeof Admission>;

/** Longer than any request takes: 60 s until its body has arrived, and then seconds. */
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
