/**
 * The meter of an execution's model calls: what is held for them, what was charged, and the ceiling
 * of each call in flight. Pure. The rule that everything here keeps: charges and ceilings together
 * never exceed what is held, so whatever dies, the execution's end can charge them all (MOD-2).
 */
import * as z from "zod";
import { assert } from "../assert.ts";

const amount = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Says which request an idempotency key was used for. */
const Repeatable = z.object({ keySha256: digest, requestSha256: digest });
export type Repeatable = z.infer<typeof Repeatable>;

const OpenCall = z.object({
  ceilingMicrousd: amount,
  /** After this time nobody waits for the provider any more, and the ceiling is the charge. */
  deadlineAt: z.int(),
  repeatable: Repeatable.nullable(),
});

/** What a provider reported. Input is split by price; output includes what the model thought. */
export const ModelTokens = z.object({
  uncachedInputTokens: amount,
  cacheReadTokens: amount,
  cacheWrite5mTokens: amount,
  cacheWrite1hTokens: amount,
  outputTokens: amount,
});
export type ModelTokens = z.infer<typeof ModelTokens>;

export const noTokens: ModelTokens = {
  uncachedInputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
};

export const ModelMeter = z.object({
  v: z.literal(1),
  /** The part of the execution's hold that is for model calls. */
  heldMicrousd: amount,
  chargedMicrousd: amount,
  /** What calls cost beyond what was held for them; the deployment bears it. */
  lossMicrousd: amount,
  calls: z.record(z.string(), OpenCall),
  /** The newest calls with an idempotency key that were charged. */
  charged: z.array(Repeatable),
  callCount: amount,
  /** How many calls were charged their ceiling because no usage was known. */
  unknownCount: amount,
  tokens: ModelTokens,
  /** Once the execution has ended, nothing is reserved or charged any more. */
  closedAt: z.int().nullable(),
});
export type ModelMeter = z.infer<typeof ModelMeter>;

/** How many charged calls are remembered by their idempotency key. */
const chargedMax = 64;

export function newMeter(): ModelMeter {
  return {
    v: 1,
    heldMicrousd: 0,
    chargedMicrousd: 0,
    lossMicrousd: 0,
    calls: {},
    charged: [],
    callCount: 0,
    unknownCount: 0,
    tokens: noTokens,
    closedAt: null,
  };
}

/** Caps that the deployment sets. */
export interface CallCaps {
  readonly callCostMaxMicrousd: number;
  readonly executionCostMaxMicrousd: number;
  /** Calls of one execution at once. */
  readonly openCallsMax: number;
}

export interface NewCall {
  readonly id: string;
  readonly ceilingMicrousd: number;
  readonly deadlineAt: number;
  readonly repeatable: Repeatable | null;
  readonly now: number;
}

export type CallRefusal =
  | "EXECUTION_ENDED"
  | "TOO_MANY_CALLS"
  | "CALL_COST_MAX"
  | "EXECUTION_COST_MAX"
  /** The same call is in flight. */
  | "CALL_IN_PROGRESS"
  /** The same call was made and charged. */
  | "CALL_CHARGED"
  /** Another request used the idempotency key. */
  | "KEY_USED";

export type Reservation =
  | { readonly type: "reserved"; readonly meter: ModelMeter }
  /** More must be held first. */
  | { readonly type: "short"; readonly missingMicrousd: number; readonly meter: ModelMeter }
  | { readonly type: "refused"; readonly refusal: CallRefusal };

/** The sum of what was charged and what calls in flight may cost. */
export function committedMicrousd({ chargedMicrousd, calls }: ModelMeter): number {
  return Object.values(calls).reduce((sum, call) => sum + call.ceilingMicrousd, chargedMicrousd);
}

/** Reserves a call's ceiling. Reserving the same id again changes nothing. */
export function reserveCall(before: ModelMeter, call: NewCall, caps: CallCaps): Reservation {
  assert(Number.isSafeInteger(call.ceilingMicrousd) && call.ceilingMicrousd >= 0);
  if (before.closedAt !== null) return { type: "refused", refusal: "EXECUTION_ENDED" };
  if (before.calls[call.id]) return { type: "reserved", meter: before };
  const meter = expireCalls(before, call.now);
  const refusal = refusalOf(meter, call, caps);
  if (refusal) return { type: "refused", refusal };
  const missingMicrousd = committedMicrousd(meter) + call.ceilingMicrousd - meter.heldMicrousd;
  if (missingMicrousd > 0) return { type: "short", missingMicrousd, meter };
  const { ceilingMicrousd, deadlineAt, repeatable } = call;
  const calls = { ...meter.calls, [call.id]: { ceilingMicrousd, deadlineAt, repeatable } };
  return { type: "reserved", meter: { ...meter, calls, callCount: meter.callCount + 1 } };
}

function refusalOf(meter: ModelMeter, call: NewCall, caps: CallCaps): CallRefusal | null {
  const open = Object.values(meter.calls);
  if (call.repeatable) {
    const { keySha256, requestSha256 } = call.repeatable;
    const isKey = (other: Repeatable | null) => other?.keySha256 === keySha256;
    const earlier = open.find(({ repeatable }) => isKey(repeatable))?.repeatable;
    const charged = meter.charged.find(isKey);
    const known = earlier ?? charged;
    if (known && known.requestSha256 !== requestSha256) return "KEY_USED";
    if (earlier) return "CALL_IN_PROGRESS";
    if (charged) return "CALL_CHARGED";
  }
  if (call.ceilingMicrousd > caps.callCostMaxMicrousd) return "CALL_COST_MAX";
  if (open.length >= caps.openCallsMax) return "TOO_MANY_CALLS";
  const total = committedMicrousd(meter) + call.ceilingMicrousd;
  return total > caps.executionCostMaxMicrousd ? "EXECUTION_COST_MAX" : null;
}

/** How a call ended. `free` if the provider refused it, so that it may be repeated. */
export type CallEnd =
  | { readonly type: "free" }
  | { readonly type: "unknown" }
  | {
      readonly type: "reported";
      readonly costMicrousd: number;
      readonly tokens: ModelTokens;
    };

/**
 * Turns a call's ceiling into its charge. A call that is gone was charged before, so charging it
 * again changes nothing.
 */
export function endCall(meter: ModelMeter, id: string, end: CallEnd): ModelMeter {
  const { [id]: call, ...calls } = meter.calls;
  if (!call || meter.closedAt !== null) return meter;
  if (end.type === "free") return { ...meter, calls };
  const costMicrousd = end.type === "reported" ? end.costMicrousd : call.ceilingMicrousd;
  assert(Number.isSafeInteger(costMicrousd) && costMicrousd >= 0);
  // A provider that reports more than the most that it can cost gets it from what is free.
  const freeMicrousd = meter.heldMicrousd - committedMicrousd({ ...meter, calls });
  const chargeMicrousd = Math.min(costMicrousd, freeMicrousd);
  const { repeatable } = call;
  return {
    ...meter,
    calls,
    chargedMicrousd: meter.chargedMicrousd + chargeMicrousd,
    lossMicrousd: cappedSum(meter.lossMicrousd, costMicrousd - chargeMicrousd),
    charged: repeatable ? [...meter.charged, repeatable].slice(-chargedMax) : meter.charged,
    unknownCount: meter.unknownCount + (end.type === "unknown" ? 1 : 0),
    tokens: end.type === "reported" ? addTokens(meter.tokens, end.tokens) : meter.tokens,
  };
}

/** A number that couldn't be stored would keep the execution from being settled. */
function cappedSum(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}

function addTokens(one: ModelTokens, other: ModelTokens): ModelTokens {
  return {
    uncachedInputTokens: cappedSum(one.uncachedInputTokens, other.uncachedInputTokens),
    cacheReadTokens: cappedSum(one.cacheReadTokens, other.cacheReadTokens),
    cacheWrite5mTokens: cappedSum(one.cacheWrite5mTokens, other.cacheWrite5mTokens),
    cacheWrite1hTokens: cappedSum(one.cacheWrite1hTokens, other.cacheWrite1hTokens),
    outputTokens: cappedSum(one.outputTokens, other.outputTokens),
  };
}

export function inputTokensOf(tokens: ModelTokens): number {
  const { uncachedInputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = tokens;
  return uncachedInputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;
}

/** Charges the ceilings of calls whose process must have died. */
function expireCalls(meter: ModelMeter, now: number): ModelMeter {
  return Object.entries(meter.calls)
    .filter(([, { deadlineAt }]) => deadlineAt <= now)
    .reduce((left, [id]) => endCall(left, id, { type: "unknown" }), meter);
}

/** Ends the meter with its execution: calls in flight are charged their ceilings. */
export function closeMeter(meter: ModelMeter, now: number): ModelMeter {
  if (meter.closedAt !== null) return meter;
  const ids = Object.keys(meter.calls);
  const charged = ids.reduce((left, id) => endCall(left, id, { type: "unknown" }), meter);
  return { ...charged, closedAt: now };
}
