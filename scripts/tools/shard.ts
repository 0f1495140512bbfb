/** Shares of what takes long: `2/8` is every eighth, beginning with the second. */
import { numberOfCommit } from "./commit.ts";

export interface Share {
  readonly turn: number;
  readonly of: number;
}

/** Null for malformed text. */
export function parseShare(text: string): Share | null {
  const [, turn, of] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text) ?? [];
  if (turn === undefined || of === undefined || Number(turn) > Number(of)) return null;
  return { turn: Number(turn), of: Number(of) };
}

/** @param position counts from 0. */
export function isInShare(position: number, { turn, of }: Share): boolean {
  return position % of === turn - 1;
}

/** The share that this commit tries; later commits try the others. */
export function shareOfCommit(count: number, commit?: string): Share {
  return { turn: numberOfCommit("share", count, commit) + 1, of: count };
}
