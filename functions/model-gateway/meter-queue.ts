/**
 * Changes an execution's meter. All changes of one execution in this process wait in one queue, and
 * those that wait share a commit; another process that changed the meter meanwhile makes the commit
 * fail, and the changes are applied again to what is stored (MOD-2). Each change names its call, so
 * applying one whose commit's answer was lost changes nothing.
 */
import { LRUCache } from "lru-cache";
import {
  type CallCaps,
  type CallEnd,
  endCall,
  type ModelMeter,
  type NewCall,
  newMeter,
  reserveCall,
} from "#shared/core/money/model-meter";
import { ApiError } from "#shared/errors/api-error";
import type { Deps } from "#shared/pipeline/route";
import { createOrReplace, type Snapshot } from "#shared/store/documents";
import { meterOf } from "#shared/store/model-meters";
import { isConflict, isUnavailableError, withDeadline } from "#shared/store/with-deadline";
import { enlargeHold, type HeldMore } from "./enlarge-hold.ts";
import {
  type Applied,
  type MeteredExecution,
  noShortage,
  type ReserveResult,
} from "./metered-execution.ts";

type Change =
  | {
      readonly type: "reserve";
      readonly call: NewCall;
      readonly done: (result: ReserveResult) => void;
      readonly fail: (error: unknown) => void;
    }
  | {
      readonly type: "end";
      readonly id: string;
      readonly end: CallEnd;
      readonly done: () => void;
      readonly fail: (error: unknown) => void;
    };
type Reserve = Extract<Change, { type: "reserve" }>;

type KnownMeter = Snapshot<typeof ModelMeter>;

interface Queue extends MeteredExecution {
  readonly waiting: Change[];
  isRunning: boolean;
  known: KnownMeter | null;
}

/** Changes that share a commit. */
const batchMax = 100;
/** How often another process may come between our read and our commit. */
const attemptsMax = 12;
const pauseMs = 20;

export interface QueueLimits extends CallCaps {
  readonly sliceMicrousd: number;
}

export class MeterQueue {
  readonly #deps: Deps;
  readonly #limits: QueueLimits;
  readonly #idle = new LRUCache<string, Queue>({ max: 2_000 });
  readonly #running = new Map<string, Queue>();

  constructor(deps: Deps, limits: QueueLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** @throws {ApiError} `UNAVAILABLE`, `CONTENTION`; then the call isn't made. */
  async reserve(execution: MeteredExecution, call: NewCall): Promise<ReserveResult> {
    return await new Promise((done, fail) => {
      this.#add(execution, { type: "reserve", call, done, fail });
    });
  }

  /** Charges a call. @throws {ApiError} if it can't be stored now; trying again is safe. */
  async end(execution: MeteredExecution, id: string, end: CallEnd): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.#add(execution, { type: "end", id, end, done, fail });
    });
  }

  #add(execution: MeteredExecution, change: Change): void {
    const name = nameOf(execution);
    const queue = this.#running.get(name) ??
      this.#idle.get(name) ?? { ...execution, waiting: [], isRunning: false, known: null };
    queue.waiting.push(change);
    if (queue.isRunning) return;
    queue.isRunning = true;
    this.#running.set(name, queue);
    void this.#drain(queue);
  }

  async #drain(queue: Queue): Promise<void> {
    const name = nameOf(queue);
    while (queue.waiting.length > 0) {
      const batch = queue.waiting.splice(0, batchMax);
      try {
        await this.#commit(queue, batch);
      } catch (error) {
        queue.known = null;
        for (const change of batch) change.fail(error);
      }
    }
    queue.isRunning = false;
    this.#running.delete(name);
    this.#idle.set(name, queue);
  }

  async #commit(queue: Queue, batch: readonly Change[]): Promise<void> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      try {
        await this.#try(queue, batch);
        return;
      } catch (error) {
        queue.known = null;
        const mayTryAgain = isConflict(error) || (isUnavailableError(error) && attempt < 3);
        if (!mayTryAgain) throw error;
        const chance = (this.#deps.random(1)[0] ?? 0) / 256;
        const ms = chance * pauseMs * Math.min(attempt, 8);
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
    }
    throw new ApiError("CONTENTION");
  }

  async #try(queue: Queue, batch: readonly Change[]): Promise<void> {
    const { store } = this.#deps;
    const ref = meterOf(queue.owner, queue.claims.executionId);
    queue.known ??= await store.get(ref);
    const before = queue.known.value ?? newMeter();
    const applied = applyAll(before, batch, this.#limits);
    if (applied.short.length > 0) {
      const held = await this.#holdMore(queue, batch);
      return resolveAll(batch, held);
    }
    if (applied.meter !== before) {
      const write = createOrReplace(ref, queue.known.version, applied.meter);
      const [version] = await withDeadline(store.commitWithoutRetry([write]));
      queue.known = version ? { ref, value: applied.meter, version } : null;
    }
    resolveAll(batch, { applied, why: noShortage });
  }

  /** Holds more in one commit with the changes, as far as the budget allows. */
  async #holdMore(queue: Queue, batch: readonly Change[]): Promise<HeldMore> {
    const limits = this.#limits;
    const { sliceMicrousd } = limits;
    const apply = (meter: ModelMeter) => applyAll(meter, batch, limits);
    const held = await enlargeHold(this.#deps, queue, { sliceMicrousd, apply });
    queue.known = null;
    return held;
  }
}

/** A later attempt mustn't be judged by the claims of the one that it replaced. */
function nameOf({ claims: { executionId, attempt } }: MeteredExecution): string {
  return `${executionId} ${attempt}`;
}

/**
 * Applies the changes that share a commit. Ends come first, because what they set free may be what
 * a reservation before them lacks; else one would be refused that was held enough for.
 */
export function applyAll(before: ModelMeter, batch: readonly Change[], caps: CallCaps): Applied {
  let meter = before;
  const results = new Map<string, ReserveResult>();
  const short: number[] = [];
  for (const change of batch) {
    if (change.type === "end") meter = endCall(meter, change.id, change.end);
  }
  for (const change of batch) {
    if (change.type === "end") continue;
    const result = reserveCall(meter, change.call, caps);
    if (result.type === "reserved") meter = result.meter;
    if (result.type === "short") short.push(change.call.ceilingMicrousd);
    else if (result.type === "refused") results.set(change.call.id, result);
    else results.set(change.call.id, { type: "reserved" });
  }
  return { meter, results, short };
}

function resolveAll(batch: readonly Change[], { applied, why }: HeldMore): void {
  for (const change of batch) {
    if (change.type === "end") change.done();
    else change.done(resultOf(change, applied) ?? { type: "unaffordable", ...why });
  }
}

function resultOf({ call }: Reserve, { results }: Applied): ReserveResult | undefined {
  return results.get(call.id);
}
