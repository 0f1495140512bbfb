/**
 * Counts the bytes of request bodies that an instance holds, per account and in total (TEN-2): from
 * the moment a body is waited for until its request is done. A body may trickle in for a minute, so
 * somebody with a stolen key could fill any room. Therefore no newcomer is refused for bodies that
 * haven't arrived: if there is no room, the oldest of them is given up, of the key that has most
 * (KEY-10). Bodies that have arrived are kept, and then a key gets what its place in the tree of
 * turns entitles it to: each account has an equal part of the room, and each branch of its tree's.
 */
import { ApiError } from "../errors/api-error.ts";

export interface BodyRoomLimits {
  readonly ownerBytesMax: number;
  readonly allBytesMax: number;
}

const usual: BodyRoomLimits = { ownerBytesMax: 16 * 2 ** 20, allBytesMax: 32 * 2 ** 20 };
/** What a request takes besides its body, which bounds how many are waited for. */
const requestBytes = 16 * 1024;
const retryAfterS = "1";

/** A body before it arrives: who sends it, and the most bytes it can have. */
export interface ExpectedBody {
  readonly ownerId: string;
  /** See `turnOf`. */
  readonly turn: readonly string[];
  readonly bytesMax: number;
}

/** A body that has its room. */
export interface BodyPlace {
  /** Called once it has arrived: from now on it can't be given up. */
  readonly arrived: () => void;
  /** Gives the room back; calling it again changes nothing. */
  readonly leave: () => void;
}

type GiveUp = (refusal: ApiError) => void;

interface Held {
  readonly ownerId: string;
  /** Its account, and then its place among that account's turns. */
  readonly path: readonly string[];
  readonly bytes: number;
  /** Gives up waiting; null once the body has arrived. */
  giveUp: GiveUp | null;
}

export class BodyRoom {
  readonly #limits: BodyRoomLimits;
  /** The oldest first. */
  readonly #held = new Set<Held>();

  constructor(limits: BodyRoomLimits = usual) {
    this.#limits = limits;
  }

  /** The bytes of an account's bodies, or of all. */
  bytesOf(ownerId: string | null = null): number {
    return sum(this.#those((held) => ownerId === null || held.ownerId === ownerId));
  }

  /**
   * Takes room for a body that is about to be received.
   * @param giveUp Ends the wait for it with a refusal, to make room for another body.
   * @throws {ApiError} `ACCOUNT_BUSY` or `OVERLOADED` if arrived bodies fill the room, and the body
   * is more than its key is entitled to. An account's first body is let in all the same.
   */
  take({ ownerId, turn, bytesMax }: ExpectedBody, giveUp: GiveUp): BodyPlace {
    const bytes = bytesMax + requestBytes;
    const held: Held = { ownerId, path: [ownerId, ...turn], bytes, giveUp };
    const { ownerBytesMax, allBytesMax } = this.#limits;
    const isFirst = this.bytesOf(ownerId) === 0;
    while (this.bytesOf(ownerId) + bytes > ownerBytesMax) {
      if (this.#giveUpOne(held, 1)) continue;
      if (isFirst || this.#isEntitled(held, 1, ownerBytesMax)) break;
      throw refusal("ACCOUNT_BUSY");
    }
    while (this.bytesOf() + bytes > allBytesMax) {
      if (this.#giveUpOne(held, 0)) continue;
      if (isFirst || this.#isEntitled(held, 0, allBytesMax)) break;
      throw refusal("OVERLOADED");
    }
    this.#held.add(held);
    const arrived = () => {
      held.giveUp = null;
    };
    return { arrived, leave: () => void this.#held.delete(held) };
  }

  /**
   * Gives up the oldest body that is waited for, of the branch at each level that waits for most
   * once the newcomer waits too.
   * @param names How many names of the newcomer's path the body must share.
   * @returns False if all of these bodies have arrived.
   */
  #giveUpOne(newcomer: Held, names: number): boolean {
    const expected = this.#those((held) => held.giveUp !== null);
    let waited = beside(newcomer, names, expected);
    let path = newcomer.path.slice(0, names);
    while (waited.some((held) => held.path.length > path.length)) {
      const name = largestBranch(waited, newcomer, path);
      const level = path.length;
      waited = waited.filter((held) => held.path[level] === name);
      path = [...path, name];
    }
    const [oldest] = waited;
    if (!oldest) return false;
    this.#held.delete(oldest);
    oldest.giveUp?.(refusal("ACCOUNT_BUSY"));
    return true;
  }

  /** Whether the newcomer's place has room left, if each branch has an equal part of its tree's. */
  #isEntitled(newcomer: Held, names: number, bytesMax: number): boolean {
    const all = [...this.#held];
    let part = bytesMax;
    for (let level = names; level < newcomer.path.length; level += 1) {
      const branches = [newcomer, ...beside(newcomer, level, all)].map(({ path }) => path[level]);
      part /= new Set(branches).size;
    }
    return sum(beside(newcomer, newcomer.path.length, all)) + newcomer.bytes <= part;
  }

  #those(which: (held: Held) => boolean): readonly Held[] {
    return [...this.#held].filter(which);
  }
}

/** Those of the bodies whose paths begin with the same names as the newcomer's. */
function beside(newcomer: Held, names: number, held: readonly Held[]): readonly Held[] {
  const above = newcomer.path.slice(0, names);
  return held.filter(({ path }) => above.every((name, level) => path[level] === name));
}

/** The name of the branch below `path` that has most bytes, with those of the newcomer. */
function largestBranch(held: readonly Held[], newcomer: Held, path: readonly string[]): string {
  const nameOf = (one: Held) => one.path[path.length] ?? "";
  const isBelow = path.every((name, level) => newcomer.path[level] === name);
  const branches = Object.entries(Object.groupBy(held, nameOf)).map(([name, branch = []]) => ({
    name,
    bytes: sum(branch) + (isBelow && name === nameOf(newcomer) ? newcomer.bytes : 0),
  }));
  return branches.toSorted((one, other) => other.bytes - one.bytes)[0]?.name ?? "";
}

function sum(held: readonly Held[]): number {
  return held.reduce((total, { bytes }) => total + bytes, 0);
}

function refusal(code: "ACCOUNT_BUSY" | "OVERLOADED"): ApiError {
  return new ApiError(code, { headers: { "retry-after": retryAfterS } });
}
