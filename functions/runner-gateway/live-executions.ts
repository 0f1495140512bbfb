/**
 * Knows which executions still run, because a token must not work after its execution has ended.
 * The instance relies for a few seconds on what it has seen, so that storing events costs no read.
 * It refuses an execution that it has seen end at once.
 */
import { LRUCache } from "lru-cache";
import type { TokenClaims } from "#shared/core/executions/ticket";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { patch } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import type { FoundDocument } from "#shared/store/read-document";
import type { Store } from "#shared/store/store";
import { isConflict, withDeadline } from "#shared/store/with-deadline";

/** How long another instance may still store for an execution that ended here. */
const knownMsMax = 10_000;
const executionsMax = 10_000;

/**
 * For this long after its claim, a runner may report that it executed nothing. Testing the walls
 * takes seconds, unless a large workspace is fetched first.
 */
export const unprovenMsMax = 60_000;
/** How long storing an object is noted: a settlement that began in time may commit later. */
const notedMsMax = 2 * unprovenMsMax;
/** How often another write may come between our read and our commit before we give up. */
const attemptsMax = 5;

type ClaimedAttempt = Pick<TokenClaims, "executionId" | "attempt">;

interface Seen {
  /** When the attempt was seen to run, epoch ms; null for one that was seen to have ended. */
  readonly runningAt: number | null;
  readonly hasStored: boolean;
}

const seen = new LRUCache<string, Seen>({ max: executionsMax });

function nameOf({ executionId, attempt }: ClaimedAttempt): string {
  return `${executionId} ${attempt}`;
}

/** @param seenAt epoch ms before it was looked up or changed. */
export function noteRunning(attempt: ClaimedAttempt, seenAt: number): void {
  const { runningAt, hasStored } = seen.get(nameOf(attempt)) ?? { hasStored: false };
  // An execution that has ended never runs again, so such news is older than the end.
  if (runningAt === null) return;
  seen.set(nameOf(attempt), { runningAt: seenAt, hasStored });
}

export function noteEnded(attempt: ClaimedAttempt): void {
  seen.set(nameOf(attempt), { runningAt: null, hasStored: false });
}

/** @throws {ApiError} `LEASE_LOST` unless the execution runs and belongs to this attempt. */
export async function requireRunning(
  deps: { readonly store: Pick<Store, "get">; now(): number },
  owner: Owner,
  claims: ClaimedAttempt,
): Promise<void> {
  const known = seen.get(nameOf(claims));
  const now = deps.now();
  if (known?.runningAt === null) throw new ApiError("LEASE_LOST", { cause: "it has ended" });
  if (known && Math.abs(now - known.runningAt) < knownMsMax) return;
  await findRunning(deps.store, owner, claims);
  noteRunning(claims, now);
}

/**
 * The same, before objects are stored. No log shows objects, so the execution's document records
 * that there are some. This write fails if the execution was settled meanwhile, and a settlement
 * that conflicts with it is decided again. So no execution stores anything after it was settled as
 * one that did nothing.
 * @throws {ApiError} `LEASE_LOST`, `CONTENTION`.
 */
export async function requireStoring(
  deps: { readonly store: Pick<Store, "get" | "commit">; now(): number },
  owner: Owner,
  claims: ClaimedAttempt & Pick<TokenClaims, "metered">,
): Promise<void> {
  const now = deps.now();
  const claimedAt = claims.metered?.claimedAt ?? now;
  if (seen.get(nameOf(claims))?.hasStored || now - claimedAt > notedMsMax) {
    await requireRunning(deps, owner, claims);
    return;
  }
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const found = await findRunning(deps.store, owner, claims);
    if (found.value.hasStored || (await isNoted(deps.store, found))) {
      seen.set(nameOf(claims), { runningAt: now, hasStored: true });
      return;
    }
  }
  throw new ApiError("CONTENTION");
}

async function findRunning(store: Pick<Store, "get">, owner: Owner, claims: ClaimedAttempt) {
  const found = await store.get(executions.of(owner, claims.executionId));
  const isIts = found.value?.status === "running" && found.value.attempt === claims.attempt;
  if (found.value && isIts) return found;
  noteEnded(claims);
  throw new ApiError("LEASE_LOST", { cause: found.value?.status ?? "no such execution" });
}

/** False if the execution has changed since it was read. */
async function isNoted(
  store: Pick<Store, "commit">,
  { ref, version }: Pick<FoundDocument<typeof executions.schema>, "ref" | "version">,
): Promise<boolean> {
  try {
    await withDeadline(store.commit([patch(ref, { hasStored: true }, { version })]));
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}
