/**
 * Limits the number of an account's live keys. It is decided in the commit that makes a key. The
 * account stores an upper bound: each new key adds one, and an ended key subtracts nothing, so
 * ending a key conflicts with no other change (KEY-10). Keys are counted again only when the bound
 * says that the account is full.
 */
import * as z from "zod";

/** The most live keys that one owner may have. */
export const keysMax = 200;

export const KeyCount = z.object({
  /** An upper bound of the live keys. */
  atMost: z.int().min(0),
  /** Keys made since the last count; an unchanged number means that none was made in between. */
  made: z.int().min(0),
});
export type KeyCount = z.infer<typeof KeyCount>;

/** The result of a count, and the account's `made` at that moment. */
export interface CountedKeys {
  readonly live: number;
  readonly made: number | null;
}

/** The count of a new owner, which is created together with its first key. */
export const firstKeyCount: KeyCount = { atMost: 1, made: 1 };

/** The count after one more key that an operator makes, which is never refused for the number. */
export function withOperatorsKey(before: KeyCount | null): KeyCount {
  // An unknown number counts as full, so that the next key of the owner's own is counted.
  const { atMost, made } = before ?? { atMost: keysMax, made: 0 };
  return { atMost: atMost + 1, made: made + 1 };
}

/**
 * The count after one more key. `full` means there is no room; `unknown` means the keys must be
 * counted (again), because some may have ended or been made since `counted`.
 */
export function withOneKeyMore(
  before: KeyCount | null,
  counted: CountedKeys | null,
): KeyCount | "full" | "unknown" {
  const made = (before?.made ?? 0) + 1;
  if (before && before.atMost < keysMax) return { atMost: before.atMost + 1, made };
  if (!counted || counted.made !== (before?.made ?? null)) return "unknown";
  return counted.live < keysMax ? { atMost: counted.live + 1, made } : "full";
}
