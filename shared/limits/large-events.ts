import pLimit, { type LimitFunction } from "p-limit";

/** How many streams of one owner may hold the text of a large event at once. */
const atOnceMax = 3;

const turns = new Map<string, LimitFunction>();

/**
 * Sends a large event in its owner's turn. Its text takes several times its size in memory until
 * the reader has taken it, and a hundred readers may be slow (TEN-2).
 * @param send makes the text, and resolves once it is taken or the reader is gone.
 */
export async function inTurnOf<T>(ownerId: string, send: () => Promise<T>): Promise<T> {
  const turn = turns.get(ownerId) ?? pLimit(atOnceMax);
  turns.set(ownerId, turn);
  try {
    return await turn(send);
  } finally {
    if (turn.activeCount + turn.pendingCount === 0) turns.delete(ownerId);
  }
}
