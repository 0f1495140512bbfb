/** Reads an execution's egress log, which consists of batches in the order of their numbers. */

import { isExpired } from "../core/retention/expiry.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import type { EgressAttempt } from "../protocol/runner.ts";
import { type EgressBatch, type Execution, egressBatches } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";
import { requireShown } from "./shown-execution.ts";

export interface EgressPage {
  readonly attempts: readonly EgressAttempt[];
  /** How many attempts are stored so far. */
  readonly total: number;
  /** How many attempts weren't stored, because there were too many. */
  readonly cut: number;
}

/** @throws {ApiError} `NOT_FOUND` if the execution isn't the owner's. */
export async function readEgress(
  store: ReadStore,
  owner: Owner,
  page: {
    readonly executionId: string;
    readonly limit: number;
    readonly offset: number;
    /** Epoch milliseconds; what has expired by then is left out. */
    readonly now: number;
  },
): Promise<EgressPage> {
  const { executionId, limit, offset, now } = page;
  const batches = egressBatches.all(owner, executionId);
  // Numbers have no gaps, so an offset is a number. A batch has between one and five hundred
  // attempts, so `limit` batches are enough.
  const [execution, found, [newest]] = await allInOrder([
    requireShown(store, owner, executionId),
    store.findFitting(
      batches,
      {
        between: { field: "lastSequence", from: offset + 1, to: undefined },
        orderBy: [["lastSequence", "asc"]],
        limit,
      },
      // One batch is mostly enough. Asking for two tells at once whether the log ends with the
      // first.
      { firstChunk: 2, isEnough: ({ lastSequence }) => lastSequence >= offset + limit },
    ),
    store.findAll(batches, { orderBy: [["firstSequence", "desc"]], limit: 1 }),
  ]);
  if (neverRan(execution.value)) return { attempts: [], total: 0, cut: 0 };
  if (!newest || isExpired(newest.value, now)) return { attempts: [], total: 0, cut: 0 };
  const attempts = found
    .flatMap(({ value }) => attemptsOf(value, { execution: execution.value, now }))
    .filter(({ sequence }) => sequence > offset)
    .slice(0, limit);
  return {
    attempts,
    total: newest.value.lastSequence,
    cut: newest.value.cut,
  };
}

/** It reached nothing. What its runner reports later isn't shown. */
function neverRan({ reason }: Pick<Execution, "reason">): boolean {
  return reason === "isolation_unavailable";
}

/** A batch's attempts that may be shown, with their ends. */
export function attemptsOf(
  batch: EgressBatch,
  { execution, now }: { readonly execution: Pick<Execution, "reason">; readonly now: number },
): readonly EgressAttempt[] {
  if (neverRan(execution) || isExpired(batch, now)) return [];
  return batch.attempts.map((attempt) => ended(attempt, batch));
}

/** An attempt with its end, which a later batch may have reported. */
function ended(attempt: EgressAttempt, { ends = {} }: EgressBatch): EgressAttempt {
  const end = ends[String(attempt.sequence)];
  if (end === undefined) return attempt;
  const { open: _open, ...rest } = attempt;
  return { ...rest, ...end };
}
