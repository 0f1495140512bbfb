/**
 * Which rows of a long table a run tries. `npm test` tries a share that the commit chooses; a run
 * that names the file, and the long form, try every row.
 */
import { isInShare, shareOfCommit } from "../../scripts/tools/shard.ts";

/** Set by `npm run test:long` and others through PADDOCK_LONG: full counts. */
export const isLong = process.env.PADDOCK_LONG !== undefined;

/** Whether to try every row: in the long form, or in a run that named this file. */
export const triesEveryRow = isLong || process.env.PADDOCK_EVERY_ROW !== undefined;

/** Whether this run tries the row, if each commit tries one row in `count`. */
export function isTurn(row: number, count: number): boolean {
  return triesEveryRow || isInShare(row, shareOfCommit(count));
}

/** The rows that this run tries. */
export function sharedOut<T>(rows: readonly T[], count: number): readonly T[] {
  return rows.filter((_row, index) => isTurn(index, count));
}
