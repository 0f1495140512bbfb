/**
 * Whether an error that nobody caught belongs to an attempt that the Storage client has given up.
 * The client (retry-request) answers a passing refusal by destroying that attempt's stream and
 * scheduling the next one. Its HTTP library (teeny-request) hears of the same refusal a moment
 * later and connects it to the destroyed stream, which throws in a promise that nobody awaits.
 * Ending the process for it would cut off every other request. In a bundle the stack doesn't name
 * the library, so the code alone tells; our own streams are connected where a failure is awaited,
 * and never end up here.
 */
export function isAbandonedAttempt(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_STREAM_UNABLE_TO_PIPE";
}
