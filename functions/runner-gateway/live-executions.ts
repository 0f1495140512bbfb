/**
 * Which executions still run: a token is worthless once its execution has ended, whatever its own
 * expiry. What this instance has seen holds for a few seconds, so storing events costs no read; an
 * execution that it has seen end is refused at once.
 */
import { LRUCache } from "lru-cache";
import type { TokenClaims } from "#shared/core/executions/ticket";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { executions } from "#shared/store/executions";
import type { Store } from "#shared/store/store";

/** How long another instance may still store for an execution that ended here. */
const knownMsMax = 10_000;
const executionsMax = 10_000;

type Attempt = Pick<TokenClaims, "executionId" | "attempt">;

/** When each attempt was last seen running, in epoch ms; null once it was seen to have ended. */
const seen = new LRUCache<string, { readonly runningAt: number | null }>({ max: executionsMax });

function nameOf({ executionId, attempt }: Attempt): string {
  return `${executionId} ${attempt}`;
}

/** @param nowMs epoch ms before it was looked up or changed. */
export function noteRunning(attempt: Attempt, nowMs: number): void {
  // An ended execution never runs again; the caller had looked before it ended.
  if (seen.get(nameOf(attempt))?.runningAt === null) return;
  seen.set(nameOf(attempt), { runningAt: nowMs });
}

export function noteEnded(attempt: Attempt): void {
  seen.set(nameOf(attempt), { runningAt: null });
}

/** @throws {ApiError} `LEASE_LOST` unless the execution runs and belongs to this attempt. */
export async function requireRunning(
  deps: { readonly store: Pick<Store, "get">; now(): number },
  owner: Owner,
  claims: Attempt,
): Promise<void> {
  const known = seen.get(nameOf(claims));
  const now = deps.now();
  if (known?.runningAt === null) throw new ApiError("LEASE_LOST", { cause: "it has ended" });
  if (known && Math.abs(now - known.runningAt) < knownMsMax) return;
  const { value } = await deps.store.get(executions.of(owner, claims.executionId));
  if (value?.status === "running" && value.attempt === claims.attempt) {
    noteRunning(claims, now);
    return;
  }
  noteEnded(claims);
  throw new ApiError("LEASE_LOST", { cause: value?.status ?? "no such execution" });
}
