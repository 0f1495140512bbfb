/**
 * Limits the bytes of answers that readers haven't taken yet, per account and in total. They stay
 * in this instance's memory for as long as the reader likes (TEN-2).
 */
import type { ServerResponse } from "node:http";
import { ApiError } from "../errors/api-error.ts";

/** The socket takes smaller answers at once. */
const countedBytesMin = 16 * 1024;
const ownerBytesMax = 16 * 1024 * 1024;
const allBytesMax = 48 * 1024 * 1024;
const retryAfterS = "1";

export class UnsentAnswers {
  readonly #bytes = new Map<string, number>();
  #all = 0;

  /**
   * Counts an answer until it is sent or its reader is gone.
   * @param mayRefuse false if the request changed something, because its answer must be given.
   * @throws {ApiError} `ACCOUNT_BUSY` or `OVERLOADED`.
   */
  add(
    response: Pick<ServerResponse, "once" | "closed">,
    { callerId, mayRefuse }: { readonly callerId: string; readonly mayRefuse: boolean },
    bytes: number,
  ): void {
    if (bytes < countedBytesMin || response.closed) return;
    if (mayRefuse) this.#require(callerId, bytes);
    this.#add(callerId, bytes);
    response.once("close", () => this.#add(callerId, -bytes));
  }

  #require(callerId: string, bytes: number): void {
    const headers = { "retry-after": retryAfterS };
    if ((this.#bytes.get(callerId) ?? 0) + bytes > ownerBytesMax) {
      const message = "Answers of this account wait to be read; read them before asking for more.";
      throw new ApiError("ACCOUNT_BUSY", { message, headers });
    }
    if (this.#all + bytes > allBytesMax) throw new ApiError("OVERLOADED", { headers });
  }

  #add(callerId: string, bytes: number): void {
    this.#all += bytes;
    const left = (this.#bytes.get(callerId) ?? 0) + bytes;
    if (left > 0) this.#bytes.set(callerId, left);
    else this.#bytes.delete(callerId);
  }
}
