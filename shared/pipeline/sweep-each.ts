import pMap from "p-map";
import type * as z from "zod";
import type { Ref, Version } from "../store/documents.ts";
import type { DueDocument } from "../store/due-documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { type PutOffDeps, putOff } from "./put-off.ts";
import { logFailure } from "./request-log.ts";

/** After this time a call starts no more work. The platform ends the call after 120 s. */
export const sweepingMsMax = 60_000;

/** The input of the work on one document. */
export interface SweepTurn {
  /** Whether the call's time is over. Work that takes long asks between its steps. */
  readonly isLate: () => boolean;
  /** When the document last changed before it was put off; null if it can't be read. */
  readonly changedAt: Version | null;
  /** The document's version after it was put off. */
  readonly version: Version;
}

/**
 * Works on due documents, the longest due first, until the call's time is over. Each document is
 * put off before its work begins. Otherwise a document whose work takes longer than a call would
 * come first in every call, and no other would be worked on. One that can't be read is put off,
 * too.
 * @param sweep.work Must store when the document is due again, if it is.
 */
export async function sweepEach<S extends z.ZodObject, O>(
  deps: PutOffDeps,
  due: readonly DueDocument<S>[],
  sweep: {
    readonly concurrency: number;
    readonly dueField: string;
    /** How long it is put off; longer than its work takes, if no other process may begin it. */
    readonly putOffMs?: number;
    /** After this time the call begins nothing more; a minute by default. */
    readonly msMax?: number;
    readonly work: (found: FoundDocument<S>, turn: SweepTurn) => Promise<O>;
    /** What to log when the work throws; the document stays put off. */
    readonly failure: { readonly message: string; readonly facts: (value: z.output<S>) => object };
    /** The outcome of work that failed, or that couldn't begin. */
    readonly failed: O;
  },
): Promise<readonly O[]> {
  const giveUpAt = deps.now() + (sweep.msMax ?? sweepingMsMax);
  const { dueField, putOffMs } = sweep;
  const how = putOffMs === undefined ? { dueField } : { dueField, byMs: putOffMs };
  const isLate = () => deps.now() > giveUpAt;
  const outcomes: O[] = [];
  const sweepOne = async ({ ref, ...one }: DueDocument<S>) => {
    if (isLate()) return;
    const taken = await putOff(deps, ref, how);
    if (one.found === null) {
      logUnreadable(ref, one.cause);
      outcomes.push(sweep.failed);
    } else if (taken) {
      // Since it was found, others may have changed what it says, and left it due; and it has
      // another version, since it was put off.
      const { value, ...put } = taken;
      const { version } = put;
      const found = { ...one.found, value: value ?? one.found.value, version };
      outcomes.push(await attempt(found, { isLate, ...put }));
    }
  };
  const attempt = async (found: FoundDocument<S>, turn: SweepTurn): Promise<O> => {
    try {
      return await sweep.work(found, turn);
    } catch (cause) {
      logFailure(sweep.failure.message, cause, sweep.failure.facts(found.value));
      return sweep.failed;
    }
  };
  await pMap(due, sweepOne, { concurrency: sweep.concurrency });
  return outcomes;
}

/** A document's path holds ids only. */
export function logUnreadable({ path }: Ref, cause: unknown): void {
  logFailure("a due document can't be read, so it isn't swept; it is tried again", cause, { path });
}
