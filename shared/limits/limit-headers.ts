import { ApiError } from "../errors/api-error.ts";
import type { LimitState } from "./sliding-counter.ts";

const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1_000));

/** The headers of every answer that a limit was applied to. */
export function limitHeaders({ limit, remaining, resetMs }: LimitState): Record<string, string> {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(seconds(resetMs)),
  };
}

/** A 429 that says when to come back. @param sentence says which limit it was, for the client. */
export function rateLimited(state: LimitState, sentence: string): ApiError {
  const headers = { ...limitHeaders(state), "retry-after": String(seconds(state.resetMs)) };
  return new ApiError("RATE_LIMITED", { message: sentence, headers });
}
