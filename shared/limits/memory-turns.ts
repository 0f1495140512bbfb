import pLimit, { type LimitFunction } from "p-limit";

/**
 * How many streams may hold the text of a large event at once. Some are left for an owner's other
 * keys, whose readers may take their texts.
 */
const atOnceMax = { owner: 3, key: 2 };
/** How long a reader may leave a text while others wait for theirs. */
const patienceMs = 15_000;

/** Says for whom large texts are made. */
export interface MemoryTurn {
  readonly ownerId: string;
  /** The key that asks, or what else is done for the owner. */
  readonly asker: string;
}

const turns = new Map<string, LimitFunction>();

/**
 * Runs `send` in its turn: at most three of one owner run at once, and two of one key. The text of
 * a large event takes several times its size in memory until its reader has taken it, and a hundred
 * readers may be slow (TEN-2). Other work that needs much memory for a while takes the same turns.
 * @param send Makes the text, and resolves once the text is taken, its reader is gone, or it is
 * told to give way, since others wait.
 */
export async function inMemoryTurn<T>(
  { ownerId, asker }: MemoryTurn,
  send: (giveWay: AbortSignal) => Promise<T>,
): Promise<T> {
  return await inTurn(`${ownerId} ${asker}`, atOnceMax.key, async (own) => {
    return await inTurn(ownerId, atOnceMax.owner, async (all) => {
      return await untilWanted(send, () => own.pendingCount + all.pendingCount > 0);
    });
  });
}

async function inTurn<T>(
  name: string,
  max: number,
  work: (turn: LimitFunction) => Promise<T>,
): Promise<T> {
  const turn = turns.get(name) ?? pLimit(max);
  turns.set(name, turn);
  try {
    return await turn(async () => await work(turn));
  } finally {
    if (turn.activeCount + turn.pendingCount === 0) turns.delete(name);
  }
}

async function untilWanted<T>(
  send: (giveWay: AbortSignal) => Promise<T>,
  isWanted: () => boolean,
): Promise<T> {
  const giveWay = new AbortController();
  const look = setInterval(() => {
    if (isWanted()) giveWay.abort();
  }, patienceMs);
  try {
    return await send(giveWay.signal);
  } finally {
    clearInterval(look);
  }
}
