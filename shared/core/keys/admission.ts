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

/**
 * Keys and environments that incidents' containments hold, and since when. It is a field of the
 * account itself, because a release that doesn't know it must not drop it.
 */
export const Contained = z.record(z.string(), z.int());
export type Contained = z.infer<typeof Contained>;

/** Longer than any request takes: 60 s until its body has arrived, and then seconds. */
export const rememberedMs = 15 * 60_000;

export const openAdmission: Admission = { suspendedAt: null, closedKeys: {} };

/** How many keys and environments of an account can be held at once. */
export const containedMax = 100;

/** Whether a request that this key sent may still start an execution or make a key. */
export function admits({ suspendedAt, closedKeys }: Admission, keyId: string): boolean {
  return suspendedAt === null && !Object.hasOwn(closedKeys, keyId);
}

/** Whether a containment holds a key or an environment, by its id. */
export function holds({ contained }: { readonly contained: Contained }, id: string): boolean {
  return Object.hasOwn(contained, id);
}

/** Once the result is committed, the key can't start anything any more. */
export function close(before: Admission, keyId: string, now: number): Admission {
  const { closedKeys } = remembered(before, now);
  return { ...before, closedKeys: { ...closedKeys, [keyId]: now } };
}

/** Whether a containment holds a key, or one that it was rotated from or to. */
export function holdsKey(
  account: { readonly contained: Contained },
  { id, lineageId }: { readonly id: string; readonly lineageId: string | null },
): boolean {
  return holds(account, id) || holds(account, lineageId ?? id);
}

/** Drops keys that were closed too long ago for any of their requests to be alive. */
export function remembered(admission: Admission, now: number): Admission {
  const recent = Object.entries(admission.closedKeys).filter(([, at]) => at > now - rememberedMs);
  return { ...admission, closedKeys: Object.fromEntries(recent) };
}
