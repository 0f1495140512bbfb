/**
 * Which executions still run: a token is worth nothing once its execution has ended, however long
 * it is valid by itself. What this instance has seen of an execution holds for a few seconds, so
 * that storing its events costs no read; one that it has seen end is refused at once.
 */
import { LRUCache } from "lru-cache";
import type { TokenClaims } from "#shared/core/executions/ticket";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { executions } from "#shared/store/executions";
import type { Store } from "#shared/store/store";

/** How long another instance may go on to store for an execution that has ended here. */
const knownMsMax = 10_000;
const executionsMax = 10_000;

type ClaimedAttempt = Pick<TokenClaims, "executionId" | "attempt">;

/** When each attempt was seen to run, epoch ms; null for one that was seen to have ended. */
const seen = new LRUCache<string, { readonly runningAt: number | null }>({ max: executionsMax });

function nameOf({ executionId, attempt }: ClaimedAttempt): string {
  return `${executionId} ${attempt}`;
}

/** @param at epoch ms before it was looked up or changed. */
export function noteRunning(attempt: ClaimedAttempt, at: number): void {
  // Nothing that ended runs again: who says so has looked before.
  if (seen.get(nameOf(attempt))?.runningAt === null) return;
  seen.set(nameOf(attempt), { runningAt: at });
}

export function noteEnded(attempt: ClaimedAttempt): void {
  seen.set(nameOf(attempt), { runningAt: null });
}

/** @throws {ApiError} `LEASE_LOST` unless the execution runs, and is this attempt's. */
export async function requireRunning(
  deps: { readonly store: Pick<Store, "get">; now(): number },
  owner: Owner,
  claims: ClaimedAttempt,
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
