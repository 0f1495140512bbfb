import pLimit, { type LimitFunction } from "p-limit";

/** So many streams of one owner may hold the text of a large event at once. */
const atOnceMax = 3;

const turns = new Map<string, LimitFunction>();

/**
 * Sends a large event in its owner's turn: its text lies in memory, several times as long as what
 * it tells of, for as long as its reader takes, and a hundred readers may take their time (TEN-2).
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
