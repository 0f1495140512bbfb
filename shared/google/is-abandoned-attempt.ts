/**
 * Whether an error that nobody caught belongs to an attempt that the Storage client has given up.
 * The client answers a passing refusal by destroying that attempt's stream and asking again. If the
 * refused answer arrives later than that, which is so on a busy machine, its HTTP library throws
 * while it connects the answer to the destroyed stream, in no request's context. Nothing is lost by
 * it: the next attempt is under way. Ending the process for it would cut off every other request.
 * In a bundle the stack doesn't name the library, so the code alone tells; our own streams are
 * connected where a failure is awaited, and never end up here.
 */
export function isAbandonedAttempt(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_STREAM_UNABLE_TO_PIPE";
}
