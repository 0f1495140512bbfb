/**
 * Counts the bytes of request bodies that an instance holds, per account and in total (TEN-2): from
 * the moment a body is waited for until its request is done. A body may trickle in for a minute, so
 * somebody with a stolen key could fill any room. Therefore no newcomer is refused for bodies that
 * haven't arrived: if there is no room, the oldest of them is given up, of the keys that come from
 * one and have most (KEY-10).
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
  readonly turnGroup: string;
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
  readonly turnGroup: string;
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
   * @throws {ApiError} `ACCOUNT_BUSY` or `OVERLOADED` if arrived bodies fill the room. A body
   * is let in all the same if none is here of its key and those that share its turn.
   */
  take({ ownerId, turnGroup, bytesMax }: ExpectedBody, giveUp: GiveUp): BodyPlace {
    const bytes = bytesMax + requestBytes;
    const held: Held = { ownerId, turnGroup, bytes, giveUp };
    const { ownerBytesMax, allBytesMax } = this.#limits;
    const isFirst = this.#those((other) => other.turnGroup === turnGroup).length === 0;
    const ofOwner = (other: Held) => other.ownerId === ownerId;
    while (this.bytesOf(ownerId) + bytes > ownerBytesMax) {
      if (this.#giveUpOne(ofOwner, held)) continue;
      if (isFirst) break;
      throw refusal("ACCOUNT_BUSY");
    }
    while (this.bytesOf() + bytes > allBytesMax) {
      if (this.#giveUpOne(() => true, held)) continue;
      if (isFirst) break;
      throw refusal("OVERLOADED");
    }
    this.#held.add(held);
    const arrived = () => {
      held.giveUp = null;
    };
    return { arrived, leave: () => void this.#held.delete(held) };
  }

  /**
   * Gives up the oldest body that is waited for, of the account and the keys that wait for most
   * once the newcomer waits too.
   * @returns False if all bodies among `which` have arrived.
   */
  #giveUpOne(which: (held: Held) => boolean, newcomer: Held): boolean {
    const waited = this.#those((held) => held.giveUp !== null && which(held));
    const ofOwner = largest(waited, newcomer, ({ ownerId }) => ownerId);
    const [oldest] = largest(ofOwner, newcomer, ({ turnGroup: group }) => group);
    if (!oldest) return false;
    this.#held.delete(oldest);
    oldest.giveUp?.(refusal("ACCOUNT_BUSY"));
    return true;
  }

  #those(which: (held: Held) => boolean): readonly Held[] {
    return [...this.#held].filter(which);
  }
}

/** The group that has the most bytes with those of the newcomer. */
function largest(
  held: readonly Held[],
  newcomer: Held,
  nameOf: (held: Held) => string,
): readonly Held[] {
  const own = nameOf(newcomer);
  const groups = Object.entries(Object.groupBy(held, nameOf)).map(([name, group = []]) => ({
    group,
    bytes: sum(group) + (name === own ? newcomer.bytes : 0),
  }));
  return groups.toSorted((one, other) => other.bytes - one.bytes)[0]?.group ?? [];
}

function sum(held: readonly Held[]): number {
  return held.reduce((total, { bytes }) => total + bytes, 0);
}

function refusal(code: "ACCOUNT_BUSY" | "OVERLOADED"): ApiError {
  return new ApiError(code, { headers: { "retry-after": retryAfterS } });
}
