/**
 * Which of an owner's keys may still begin something. It stands in the account, since every start
 * commits a change of the account: one that was decided before a key was closed fails, is decided
 * again on what stands here, and is refused. So nothing slips in behind a revocation (KEY-5).
 */
import * as z from "zod";

export const Admission = z.object({
  /** Since when an operator has suspended the owner. */
  suspendedAt: z.int().nullable().default(null),
  /** Keys that were closed a short while ago, and when: later, none of their requests is left. */
  closedKeys: z.record(z.string(), z.int()).default({}),
});
export type Admission = z.infer<typeof Admission>;

/** No request lives as long as this: 60 s until its body is here, and then seconds. */
export const rememberedMs = 15 * 60_000;

export const openAdmission: Admission = { suspendedAt: null, closedKeys: {} };

/** Whether a request that this key began may still start an execution or make a key. */
export function admits({ suspendedAt, closedKeys }: Admission, keyId: string): boolean {
  return suspendedAt === null && !Object.hasOwn(closedKeys, keyId);
}

/** From the commit of this on, the key begins nothing any more. */
export function close(before: Admission, keyId: string, now: number): Admission {
  const { closedKeys } = remembered(before, now);
  return { ...before, closedKeys: { ...closedKeys, [keyId]: now } };
}

/** Without the keys that were closed so long ago that nothing they began is left. */
export function remembered(admission: Admission, now: number): Admission {
  const recent = Object.entries(admission.closedKeys).filter(([, at]) => at > now - rememberedMs);
  return { ...admission, closedKeys: Object.fromEntries(recent) };
}
