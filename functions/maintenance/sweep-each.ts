import pMap from "p-map";
import type * as z from "zod";
import type { Deps } from "#shared/pipeline/route";
import type { Ref, Version } from "#shared/store/documents";
import { putOff } from "./put-off.ts";

/** How long a call sweeps; the platform ends it after 120 s. */
export const sweepingMsMax = 60_000;

interface SweepDeps {
  readonly store: Pick<Deps["store"], "get" | "commit">;
  now(): number;
}

/** What a sweep was begun with. */
export interface Begun {
  /** Whether the call's time is over: what takes longer looks between its steps. */
  readonly isLate: () => boolean;
  /** When the document that says what is due was changed before; null where it can't be read. */
  readonly changedAt: Version | null;
  /** Its version since it was put off. */
  readonly version: Version;
}

/**
 * Looks after what is due, the longest due first, until the call's time is over. Each is put off
 * before its work begins: work that takes so long that the platform cuts the call would else be
 * the first of every call, and nothing else would ever be looked after.
 * @param sweep.work must leave it due, or not, as it should be from then on.
 */
export async function sweepEach<T, S extends z.ZodObject, O>(
  deps: SweepDeps,
  due: readonly T[],
  sweep: {
    readonly concurrency: number;
    readonly ref: (one: T) => Ref<S>;
    readonly dueField: string;
    readonly work: (one: T, begun: Begun) => Promise<O>;
    /** It stays put off. */
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
