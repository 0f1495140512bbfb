import { ApiError } from "../errors/api-error.ts";

/** No read waits longer than this for Firestore. */
const readTimeoutMs = 10_000;

/** @throws {ApiError} `UNAVAILABLE` without an answer in time: what can't be read is refused. */
export async function withDeadline<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ApiError("UNAVAILABLE")), readTimeoutMs);
  });
  try {
    return await Promise.race([call, late]);
  } catch (cause) {
    if (cause instanceof ApiError || !isUnavailable(cause)) throw cause;
    throw new ApiError("UNAVAILABLE", { cause, headers: { "retry-after": "5" } });
  } finally {
    clearTimeout(timer);
  }
}

/** gRPC codes that say nothing of the request: cancelled, deadline, exhausted, unavailable. */
function isUnavailable(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && [1, 4, 8, 14].includes(Number(cause.code));
}

/** Whether a commit failed for what it met: not found, exists, precondition, aborted (gRPC). */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && "code" in error && [5, 6, 9, 10].includes(Number(error.code));
}

/** Whether a commit failed since the database didn't take it, whatever it was. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.code === "UNAVAILABLE";
}

/** Whether it may have been refused for its size: "exhausted" is what that is answered as well. */
export function isExhausted(error: unknown): boolean {
  const cause = error instanceof ApiError ? error.cause : null;
  return cause instanceof Error && "code" in cause && Number(cause.code) === 8;
}
