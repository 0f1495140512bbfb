import { createHash } from "node:crypto";
import { lockName, type NameLock } from "../cloud/name-lock.ts";

/** The two users of one execution. Nothing else on the machine has them while it runs. */
export interface UidPair {
  readonly supervisorUid: number;
  readonly sandboxUid: number;
}

/** A block of user ids that no other local cloud on this machine can hold at the same time. */
export interface UidRange {
  readonly firstUid: number;
  readonly count: number;
  /** A free pair; null when all are in use. */
  take(): UidPair | null;
  /** Call it only after the last process of the pair is gone. */
  give(pair: UidPair): void;
  close(): void;
}

/** systemd's list of user ids leaves 65,536–99,999 unused: no login, container or service. */
const firstUidOfAll = 66_000;
/** Room for the service's own limit of 1,000 running executions. */
const pairsPerBlock = 1_000;
const blocksMax = 16;

/**
 * Reserves a block until this process ends.
 *
 * @param seed Decides which block is tried first, so that a cloud usually gets the same one again.
 * @throws {Error} if all blocks are held.
 */
export async function reserveUidRange(seed: string): Promise<UidRange> {
  const start = createHash("sha256").update(seed).digest().readUInt32BE(0) % blocksMax;
  for (let step = 0; step < blocksMax; step += 1) {
    const block = (start + step) % blocksMax;
    const lock = await lockName(`uids-${block}`);
    if (lock) return rangeOf(firstUidOfAll + block * pairsPerBlock * 2, lock);
  }
  throw new Error(`${blocksMax} local clouds are running on this machine: no user ids are left.`);
}

function rangeOf(firstUid: number, lock: NameLock): UidRange {
  const free = Array.from({ length: pairsPerBlock }, (_, index) => firstUid + index * 2);
  return {
    firstUid,
    count: pairsPerBlock * 2,
    take() {
      const supervisorUid = free.shift();
      return supervisorUid === undefined ? null : { supervisorUid, sandboxUid: supervisorUid + 1 };
    },
    // Goes to the end of the queue, so that the longest unused pair is next.
    give: (pair) => void free.push(pair.supervisorUid),
    close: () => lock.release(),
  };
}
