/**
 * Of rows that take seconds each, a run of everything tries a share that moves with the day; who
 * asks for the file by its name, or for the long form, gets all of them.
 */
import { isInShare, shareOfToday } from "../../scripts/tools/share.ts";

const wantsAll =
  process.env.PADDOCK_EVERY_ROW !== undefined || process.env.PADDOCK_LONG !== undefined;

/** Whether a row's turn is today, of rows that take so many days. */
export function isTurn(row: number, days: number): boolean {
  return wantsAll || isInShare(row, shareOfToday(days));
}

/** The rows whose turn is today. */
export function sharedOut<T>(rows: readonly T[], days: number): readonly T[] {
  return rows.filter((_row, index) => isTurn(index, days));
}
