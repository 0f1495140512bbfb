/**
 * Bounds what calls keep in an instance's memory (TEN-2): requests with images and answers that are
 * no streams are megabytes each, hundreds of calls are in flight, and an instance that runs out of
 * memory ends everybody's calls, each at its ceiling.
 */
import { BodyRoom } from "#shared/limits/body-room";

const mib = 2 ** 20;
/** A request's body is kept until its call has ended; together they are a fifth of the memory. */
const requestBytes = { ownerBytesMax: 64 * mib, allBytesMax: 384 * mib };
const answerBytes = { ownerBytesMax: 48 * mib, allBytesMax: 192 * mib };

export const callRequests = new BodyRoom(requestBytes);

/** The bytes of answers that are read whole, by the owners of their calls. */
export class AnswerMemory {
  readonly #limits: typeof answerBytes;
  readonly #bytes = new Map<string, number>();
  #all = 0;

  constructor(limits = answerBytes) {
    this.#limits = limits;
  }

  /** Begins an answer. */
  open(ownerId: string): HeldAnswer {
    let held = 0;
    const add = (bytes: number) => {
      held += bytes;
      this.#all += bytes;
      const left = (this.#bytes.get(ownerId) ?? 0) + bytes;
      if (left > 0) this.#bytes.set(ownerId, left);
      else this.#bytes.delete(ownerId);
    };
    return {
      hasRoom: (bytes) => {
        add(bytes);
        const own = this.#bytes.get(ownerId) ?? 0;
        const { ownerBytesMax, allBytesMax } = this.#limits;
        // Once all of it is taken, who has an equal part of it or less isn't the one to give way.
        const share = allBytesMax / this.#bytes.size;
        return own <= ownerBytesMax && (this.#all <= allBytesMax || own <= share);
      },
      leave: () => add(-held),
    };
  }
}

export interface HeldAnswer {
  /** Counts a piece that came; false if there is no room for it. */
  readonly hasRoom: (bytes: number) => boolean;
  /** Gives the room back; calling it again changes nothing. */
  readonly leave: () => void;
}
