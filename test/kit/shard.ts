/**
 * Which rows of a long table a run tries. `npm test` tries a share that the commit chooses; a run
 * that names the file, and the long form, try every row.
 */
import { isInShare, shareOfCommit } from "../../scripts/tools/shard.ts";

/** `npm run test:long`, and whatever else sets PADDOCK_LONG: full counts. */
export const isLong = process.env.PADDOCK_LONG !== undefined;

/** Every row of each table: the long form, or a run that was asked for this file by name. */
export const triesEveryRow = isLong || process.env.PADDOCK_EVERY_ROW !== undefined;

/** Whether this run tries the row, where each commit tries one row of `of`. */
export function isTurn(row: number, of: number): boolean {
  return triesEveryRow || isInShare(row, shareOfCommit(of));
}

/** The rows that this run tries. */
export function sharedOut<T>(rows: readonly T[], of: number): readonly T[] {
  return rows.filter((_row, index) => isTurn(index, of));
}
