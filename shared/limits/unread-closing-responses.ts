/**
 * Counts the unread answers that people need to find out what to revoke or stop. Somebody with a
 * stolen key could use up any limit by not reading, so none of these answers is refused. Above the
 * limit, the largest unread one loses its connection (KEY-10).
 */
import type { ServerResponse } from "node:http";
import { onceClosed } from "../http/once-closed.ts";

const callerBytesMax = 16 * 1024 * 1024;
const allBytesMax = 32 * 1024 * 1024;

/** The part of a response that tells when its memory is freed, and that can end it. */
export type Unread = Pick<ServerResponse, "once" | "closed" | "destroy">;

interface Held {
  readonly response: Unread;
  readonly callerId: string;
  readonly bytes: number;
}

export class UnreadClosingResponses {
  /** The oldest first. */
  readonly #held = new Set<Held>();

  /** Counts an answer until it is sent or its reader is gone. */
  add(response: Unread, callerId: string, bytes: number): void {
    const own = () => this.#of(callerId);
    while (own().length > 0 && sum(own()) + bytes > callerBytesMax) this.#drop(own());
    while (this.#held.size > 0 && sum([...this.#held]) + bytes > allBytesMax) {
      this.#drop(this.#ofLargestCaller());
    }
    const held = { response, callerId, bytes };
    this.#held.add(held);
    onceClosed(response, () => this.#held.delete(held));
  }

  /** Ends the largest answer, and of equally large ones the oldest. */
  #drop(answers: readonly Held[]): void {
    const [largest] = answers.toSorted((one, other) => other.bytes - one.bytes);
    if (!largest) return;
    this.#held.delete(largest);
    largest.response.destroy();
  }

  #of(callerId: string): readonly Held[] {
    return [...this.#held].filter((held) => held.callerId === callerId);
  }

  #ofLargestCaller(): readonly Held[] {
    const callers = [...new Set([...this.#held].map(({ callerId }) => callerId))];
    const each = callers.map((callerId) => this.#of(callerId));
    return each.toSorted((one, other) => sum(other) - sum(one))[0] ?? [];
  }
}

function sum(answers: readonly Held[]): number {
  return answers.reduce((total, { bytes }) => total + bytes, 0);
}
