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

export class UnreadBytes {
  readonly #bytes = new Map<string, number>();
  #all = 0;
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
    if (mayRefuse) this.#requireRoom(callerId);
    if (mayRefuse) this.#require(callerId, bytes);
    this.#add(callerId, bytes);
    onceClosed(response, () => this.#add(callerId, -bytes));
  }

  /** An answer larger than the whole limit is accepted if no other is waiting. */
  #require(callerId: string, bytes: number): void {
    const headers = { "retry-after": retryAfterS };
    const ownBytes = this.#bytes.get(callerId) ?? 0;
    if (ownBytes > 0 && ownBytes + bytes > ownerBytesMax) {
      const message = "Answers of this account wait to be read; read them before asking for more.";
      throw new ApiError("ACCOUNT_BUSY", { message, headers });
    }
    if (this.#all > 0 && this.#all + bytes > allBytesMax) {
      throw new ApiError("OVERLOADED", { headers });
    }
  }

  #add(callerId: string, bytes: number): void {
    this.#all += bytes;
    const left = (this.#bytes.get(callerId) ?? 0) + bytes;
    if (left > 0) this.#bytes.set(callerId, left);
    else this.#bytes.delete(callerId);
  }
}
