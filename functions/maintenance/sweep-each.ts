import pMap from "p-map";
import type * as z from "zod";
import type { Ref, Version } from "#shared/store/documents";
import { type PutOffDeps, putOff } from "./put-off.ts";

/** How long a call works. The platform ends it after 120 s. */
export const sweepingMsMax = 60_000;

/** What the work on one thing is given. */
export interface SweepTurn {
  /** Whether the call's time is over. Work that takes long asks between its steps. */
  readonly isLate: () => boolean;
  /** When the document had changed last before it was put off; null if it can't be read. */
  readonly changedAt: Version | null;
  /** The document's version since it was put off. */
  readonly version: Version;
}

/**
 * Works on what is due, the longest due first, until the call's time is over. Each thing is put off
 * before its work begins. Otherwise work that takes longer than a call may would be the first of
 * every call, and nothing else would be worked on.
 * @param sweep.work Must write from when the thing is due again, if it is.
 */
export async function sweepEach<T, S extends z.ZodObject, O>(
  deps: PutOffDeps,
  due: readonly T[],
  sweep: {
    readonly concurrency: number;
    readonly ref: (one: T) => Ref<S>;
    readonly dueField: string;
    readonly work: (one: T, turn: SweepTurn) => Promise<O>;
    /** Called when the work throws; the thing stays put off. */
    readonly failed: (one: T, cause: unknown) => O;
  },
): Promise<readonly O[]> {
  const giveUpAt = deps.now() + sweepingMsMax;
  const isLate = () => deps.now() > giveUpAt;
  const outcomes: O[] = [];
  const sweepOne = async (one: T) => {
    if (isLate()) return;
    const taken = await putOff(deps, sweep.ref(one), sweep.dueField);
    if (!taken) return;
    try {
      outcomes.push(await sweep.work(one, { isLate, ...taken }));
    } catch (cause) {
      outcomes.push(sweep.failed(one, cause));
    }
  };
  await pMap(due, sweepOne, { concurrency: sweep.concurrency });
  return outcomes;
}
