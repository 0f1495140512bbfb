/**
 * How many live keys an account may have, decided in the commit that makes one. The account knows a
 * number that its live keys don't exceed: each key that is made adds one, and none that ends takes
 * one away, so that ending it names nothing that others change (KEY-10). Only when that number says
 * that the account is full are the keys counted again.
 */
import * as z from "zod";

/** Live keys of one owner. */
export const keysMax = 200;

export const KeyCount = z.object({
  /** No more live keys than this. */
  atMost: z.int().min(0),
  /** Keys made since they are counted: the same number means that none was made in between. */
  made: z.int().min(0),
});
export type KeyCount = z.infer<typeof KeyCount>;

/** Keys as they were counted, together with what the account said at that moment. */
export interface CountedKeys {
  readonly live: number;
  readonly made: number | null;
}

/** Of an owner that is made with its first key. */
export const firstKeyCount: KeyCount = { atMost: 1, made: 1 };

/**
 * The count with one key more: `full` if there is no room for it, `unknown` if that takes counting
 * the keys (again), since some may have ended, or some may have been made since `counted`.
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
