import pLimit, { type LimitFunction } from "p-limit";

/** How many streams of one owner may hold the text of a large event at once. */
const atOnceMax = 3;

const turns = new Map<string, LimitFunction>();

/**
 * Runs `send` in its owner's turn: at most three of one owner run at once. The text of a large
 * event takes several times its size in memory until its reader has taken it, and a hundred readers
 * may be slow (TEN-2). Other work that needs much memory for a while takes the same turns.
 * @param send Makes the text, and resolves once the text is taken or its reader is gone.
 */
export async function inMemoryTurn<T>(ownerId: string, send: () => Promise<T>): Promise<T> {
  const turn = turns.get(ownerId) ?? pLimit(atOnceMax);
  turns.set(ownerId, turn);
  try {
    return await turn(send);
  } finally {
    if (turn.activeCount + turn.pendingCount === 0) turns.delete(ownerId);
  }
}
