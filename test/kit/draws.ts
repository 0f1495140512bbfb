/** How many cases a property test draws. */
import { isLong } from "./shard.ts";

/**
 * A quarter in the short form: each commit draws other cases, so that many commits try as many as
 * the long form does at once.
 */
export function draws(full: number): number {
  return isLong ? full : Math.ceil(full / 4);
}
