import { ApiError } from "../errors/api-error.ts";
import { isUnreadable } from "./documents.ts";

/** The longest wait for a call to Firestore. */
const callTimeoutMs = 10_000;
/** Logged, so that a slow database can be told from one that refuses. */
const late = "the database didn't answer in time";

/** The longest that several calls may take together. */
const callsTimeoutMs = 40_000;

/**
 * The call itself isn't cancelled, so a commit may still land.
 * @throws {ApiError} `UNAVAILABLE` if there is no answer in time: what can't be read is refused.
 */
export async function withDeadline<T>(call: Promise<T>): Promise<T> {
  return await withDeadlineEach(() => call);
}

/**
 * Like `withDeadline`, for several calls after one another: each may take as long as one, so that
 * more steps don't fail where each is answered.
 * @param work Calls `answered` after each of them.
 */
export async function withDeadlineEach<T>(work: (answered: () => void) => Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new ApiError("UNAVAILABLE", { cause: late }));
  const ofAll = setTimeout(giveUp, callsTimeoutMs);
  const ofOne = setTimeout(giveUp, callTimeoutMs);
  try {
    return await Promise.race([work(() => void ofOne.refresh()), over]);
  } catch (cause) {
    if (cause instanceof ApiError || !isUnavailable(cause)) throw cause;
    throw new ApiError("UNAVAILABLE", { cause });
  } finally {
    clearTimeout(ofAll);
    clearTimeout(ofOne);
  }
}

/**
 * Like `withDeadline`, for work that waits for a turn or has several steps. Its signal is aborted
 * once nobody waits for the result, because the client has gone or the time is over.
 */
export async function withDeadlineWhileWanted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  clientSignal: AbortSignal | null,
): Promise<T> {
  const wanted = new AbortController();
  // A reason avoids creating the default one, an error with a stack.
  const giveUp = () => wanted.abort("given up");
  if (clientSignal?.aborted) giveUp();
  clientSignal?.addEventListener("abort", giveUp, { once: true });
  try {
    return await withDeadline(work(wanted.signal));
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    clientSignal?.removeEventListener("abort", giveUp);
  }
}

/**
 * gRPC codes that may pass: cancelled, unknown, deadline, exhausted, internal, unavailable.
 * Firestore answers "internal" now and then, and a connection that is reset in a call says the same
 * (https://github.com/googleapis/google-cloud-node/issues/7490).
 */
function isUnavailable(cause: unknown): boolean {
  return hasCode(cause, [1, 2, 4, 8, 13, 14]);
}

function hasCode(cause: unknown, codes: readonly number[]): boolean {
  return cause instanceof Error && "code" in cause && codes.includes(Number(cause.code));
}

/**
 * Whether a commit failed because of stored data: not found, exists, precondition, aborted (gRPC).
 */
export function isConflict(error: unknown): boolean {
  return hasCode(error, [5, 6, 9, 10]);
}

/** Whether a call failed because the database wasn't available. */
export function isUnavailableError(error: unknown): boolean {
  return error instanceof ApiError && error.code === "UNAVAILABLE" && !isUnreadable(error);
}

/**
 * Whether one of several changes may be why a commit failed: one that is too large is answered with
 * "exhausted", and what the database can't do may be "unknown" or "internal".
 */
export function isPerhapsAtFault(error: unknown): boolean {
  return error instanceof ApiError && hasCode(error.cause, [2, 8, 13]);
}
