/**
 * Limits the bytes of answers that their readers haven't taken yet, per account and in total. Until
 * a reader takes its answer, which may be long, the answer is in this instance's memory (TEN-2).
 */
import { ApiError } from "../errors/api-error.ts";
import { onceClosed } from "../http/once-closed.ts";
import { type Unread, UnreadClosingResponses } from "./unread-closing-responses.ts";

/** Smaller answers aren't counted, because the socket takes them at once. */
const countedBytesMin = 16 * 1024;
const ownerBytesMax = 16 * 1024 * 1024;
const allBytesMax = 48 * 1024 * 1024;
const retryAfterS = "1";

/** Says whose answer it is, and whether it can be refused. */
export interface ResponseInfo {
  readonly callerId: string;
  /** False if the request changed something, because its caller must be told. */
  readonly mayRefuse: boolean;
  /** Whether people need it to find out what to revoke or stop. Then it has a limit of its own. */
  readonly neededToClose: boolean;
}

interface Held extends Pick<ResponseInfo, "callerId" | "mayRefuse"> {
  readonly response: Unread;
  readonly bytes: number;
}

export class UnreadBytes {
  /** The oldest first. */
  readonly #held = new Set<Held>();
  readonly #closing = new UnreadClosingResponses();
  readonly #requireRoom: (callerId: string) => void;

  /** @param requireRoom Throws if the caller may be sent nothing large for now. */
  constructor(requireRoom: (callerId: string) => void = () => undefined) {
    this.#requireRoom = requireRoom;
  }

  /**
   * Counts an answer until it is sent or its reader is gone.
   * @throws {ApiError} `ACCOUNT_BUSY` or `OVERLOADED`, or what `requireRoom` throws.
   */
  add(response: Unread, { callerId, mayRefuse, neededToClose }: ResponseInfo, bytes: number): void {
    if (bytes < countedBytesMin || response.closed) return;
    if (neededToClose) {
      this.#closing.add(response, callerId, bytes);
      return;
    }
    if (mayRefuse) {
      this.#requireRoom(callerId);
      this.#require(callerId, bytes);
    } else this.#makeRoom(callerId, bytes);
    const held = { response, callerId, mayRefuse, bytes };
    this.#held.add(held);
    onceClosed(response, () => this.#held.delete(held));
  }

  /** An answer larger than the whole limit is accepted if no other is waiting. */
  #require(callerId: string, bytes: number): void {
    const headers = { "retry-after": retryAfterS };
    const ownBytes = sum(this.#of(callerId));
    if (ownBytes > 0 && ownBytes + bytes > ownerBytesMax) {
      const message = "Answers of this account wait to be read; read them before asking for more.";
      throw new ApiError("ACCOUNT_BUSY", { message, headers });
    }
    while (this.#held.size > 0 && sum([...this.#held]) + bytes > allBytesMax) {
      const isWithinShare = ownBytes + bytes <= allBytesMax / this.#callersWith(callerId).length;
      if (!isWithinShare || !this.#endOne()) throw new ApiError("OVERLOADED", { headers });
    }
  }

  /** An answer of a change isn't refused, so others end for it: the account's own ones first. */
  #makeRoom(callerId: string, bytes: number): void {
    while (sum(this.#of(callerId)) + bytes > ownerBytesMax && this.#end(this.#of(callerId)));
    while (sum([...this.#held]) + bytes > allBytesMax && this.#endOne());
  }

  /**
   * Ends an answer of the account that leaves most unread, for one that has no more than an equal
   * part of the room: three accounts that read nothing would refuse everybody else's (TEN-1).
   */
  #endOne(): boolean {
    const each = this.#callersWith().map((callerId) => this.#of(callerId));
    const [most = []] = each.toSorted((one, other) => sum(other) - sum(one));
    return this.#end(most);
  }

  /** Ends the oldest of them, and one of a change that was made only if there is no other. */
  #end(answers: readonly Held[]): boolean {
    const oldest = answers.find(({ mayRefuse }) => mayRefuse) ?? answers[0];
    if (!oldest) return false;
    this.#held.delete(oldest);
    oldest.response.destroy();
    return true;
  }

  #of(callerId: string): readonly Held[] {
    return [...this.#held].filter((held) => held.callerId === callerId);
  }

  #callersWith(...newcomers: readonly string[]): readonly string[] {
    return [...new Set([...[...this.#held].map(({ callerId }) => callerId), ...newcomers])];
  }
}

function sum(answers: readonly Held[]): number {
  return answers.reduce((total, { bytes }) => total + bytes, 0);
}
