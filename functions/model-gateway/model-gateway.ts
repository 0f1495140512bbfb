/** Makes a model call: reserve, ask the provider, pass its answer on, charge (MOD-2, MOD-3). */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { SigningKeys } from "#shared/core/executions/ticket";
import type { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import type { DeploymentModels } from "#shared/core/models/deployment-models";
import type { CallEnd, CallRefusal, NewCall, Repeatable } from "#shared/core/money/model-meter";
import { onceClosed } from "#shared/http/once-closed";
import { OpenResponses } from "#shared/limits/open-responses";
import { logFailure } from "#shared/pipeline/request-log";
import { sendJson } from "#shared/pipeline/respond";
import type { Deps, Reply } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import { AnswerMemory } from "./call-memory.ts";
import { chargeCall } from "./charge-call.ts";
import type { CheckedCall } from "./checked-call.ts";
import { MeterQueue } from "./meter-queue.ts";
import type { MeteredExecution, ReserveResult, Shortage } from "./metered-execution.ts";
import { type Refusal, refusalReply } from "./provider-errors.ts";
import { type Recording, Recordings } from "./recordings.ts";
import { BadAnswer, relayAnswer, replay } from "./relay-answer.ts";
import { relayUntilTaken } from "./relay-until-taken.ts";
import { repeatableOf } from "./repeatable.ts";
import { askProvider, NoAnswer } from "./upstream.ts";
import { AnswerMeter } from "./usage/answer-meter.ts";

export interface AskedCall {
  readonly execution: MeteredExecution;
  readonly call: CheckedCall;
  readonly idempotencyKey: string | null;
  readonly rawHeaders: readonly string[];
}

/** When to ask again where nobody knows when it will help. */
const ratedOutS = 5;
/** How much longer a reservation lasts than its call, for clocks that differ. */
const marginMs = 60_000;

export interface GatewaySettings {
  readonly deployment: DeploymentModels;
  readonly limits: DeploymentLimits["models"];
  /** The keys of tokens, which make digests that nobody else can make. */
  readonly signingKeys: () => SigningKeys;
  /** The keys of providers by their name. */
  readonly keys: () => Readonly<Record<string, string>>;
}

export class ModelGateway {
  readonly #deps: Deps;
  readonly #settings: GatewaySettings;
  readonly #meters: MeterQueue;
  readonly #recordings = new Recordings();
  readonly #open: OpenResponses;
  readonly #answers = new AnswerMemory();

  constructor(deps: Deps, settings: GatewaySettings) {
    const { limits } = settings;
    this.#deps = deps;
    this.#settings = settings;
    this.#meters = new MeterQueue(deps, {
      callCostMaxMicrousd: limits.callCostMicrousdMax,
      executionCostMaxMicrousd: limits.executionCostMicrousdMax,
      openCallsMax: limits.openCallsMax,
      sliceMicrousd: limits.sliceMicrousd,
    });
    this.#open = new OpenResponses({
      openPerKeyMax: limits.openCallsMax,
      openPerOwnerMax: limits.openPerOwnerMax,
    });
  }

  get deployment(): DeploymentModels {
    return this.#settings.deployment;
  }

  /**
   * Asks how many tokens a request has, which costs nothing. Only a running execution may ask, so
   * that nobody uses up the deployment's rate with an old token.
   * @throws {ApiError} `STREAMS_LIMITED` if too many calls are open.
   */
  async countTokens(asked: AskedCall): Promise<Reply> {
    const { owner, claims } = asked.execution;
    const { value } = await this.#deps.store.get(executions.of(owner, claims.executionId));
    if (value?.status !== "running" || value.attempt !== claims.attempt) {
      return refusalReply(asked.call.protocol, refusals.EXECUTION_ENDED);
    }
    const leave = this.#open.take(claims.executionId, owner.id);
    const free = () => Promise.resolve();
    const making = { asked, settings: this.#settings, answers: this.#answers };
    return relayUntilTaken(async (response) => {
      await carryOut(free, { ...making, response });
    }, leave);
  }

  /** @throws {ApiError} if the meter can't be changed now, or too many calls are open. */
  async call(asked: AskedCall): Promise<Reply> {
    const { execution, call } = asked;
    const { claims, owner } = execution;
    const leave = this.#open.take(claims.executionId, owner.id);
    try {
      const repeatable = repeatableOf(asked, this.#settings.signingKeys());
      const id = randomUUID();
      const now = this.#deps.now();
      const { ceilingMicrousd } = call;
      const deadlineAt = now + this.#settings.limits.callMsMax + marginMs;
      const reserving = { id, ceilingMicrousd, deadlineAt, repeatable, now };
      const result = await this.#reserve(execution, reserving);
      if (result.type === "reserved") return this.#carryOut(asked, { id, repeatable, leave });
      if (result.type === "unaffordable") {
        leave();
        return refusalReply(call.protocol, unaffordable(call, result));
      }
      const isRepeated = result.refusal === "CALL_CHARGED" && repeatable !== null;
      const recorded = isRepeated
        ? this.#recordings.find(claims.executionId, repeatable.keySha256)
        : null;
      if (recorded) {
        return relayUntilTaken(async (response) => replay(response, recorded), leave);
      }
      leave();
      return refusalReply(call.protocol, refusals[result.refusal]);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** @throws {ApiError} as `call()`; whatever was stored is freed, as the call isn't made. */
  async #reserve(execution: MeteredExecution, call: NewCall): Promise<ReserveResult> {
    try {
      return await this.#meters.reserve(execution, call);
    } catch (error) {
      // Nobody waits for it: it may take until the database is back.
      void this.#charge(execution, call.id, { type: "free" });
      throw error;
    }
  }

  async #charge(execution: MeteredExecution, id: string, end: CallEnd): Promise<void> {
    await chargeCall({ meters: this.#meters, now: this.#deps.now }, execution, { id, end });
  }

  #carryOut(
    asked: AskedCall,
    reserved: { readonly id: string; readonly repeatable: Repeatable | null; leave: () => void },
  ): Reply {
    const { id, repeatable, leave } = reserved;
    const { execution } = asked;
    const making = { asked, settings: this.#settings, answers: this.#answers };
    const charge = (end: CallEnd) => this.#charge(execution, id, end);
    return relayUntilTaken(async (response) => {
      const recording = await carryOut(charge, { ...making, response });
      if (!recording || !repeatable) return;
      this.#recordings.keep(execution.claims.executionId, repeatable.keySha256, recording);
    }, leave);
  }
}

function unaffordable({ ceilingMicrousd }: CheckedCall, shortage: Shortage): Refusal {
  const most = `$${(ceilingMicrousd / 1_000_000).toFixed(6)}`;
  const { sentence, mayPass } = shortage;
  const hint = mayPass
    ? "Ask for fewer tokens, or again once one of them has ended"
    : "Ask for fewer tokens, or raise the budget";
  const message = `This call could cost up to ${most}: ${sentence}. ${hint}.`;
  return { status: mayPass ? 429 : 402, message, retryAfterS: mayPass ? ratedOutS : null };
}

const refused = (
  status: Refusal["status"],
  message: string,
  retryAfterS: number | null = null,
) => ({
  ...{ status, message, retryAfterS },
});

const refusals: Readonly<Record<CallRefusal, Refusal>> = {
  EXECUTION_ENDED: refused(409, "The execution has ended."),
  TOO_MANY_CALLS: refused(429, "Too many of the execution's calls are in flight.", 1),
  CALL_COST_MAX: refused(402, "This call could cost more than the deployment allows for one."),
  EXECUTION_COST_MAX: refused(402, "The execution's calls cost as much as the deployment allows."),
  CALL_IN_PROGRESS: refused(409, "A call with that Idempotency-Key is in flight.", 1),
  CALL_CHARGED: refused(
    409,
    "The call with that Idempotency-Key was made and charged, and its answer is gone.",
  ),
  KEY_USED: refused(409, "That Idempotency-Key was used for another request."),
};

/**
 * Never throws: whatever happens to the call, it is charged or freed, once.
 * @returns The answer, if it is complete and the call may be repeated.
 */
async function carryOut(
  store: (end: CallEnd) => Promise<void>,
  making: {
    readonly asked: AskedCall;
    readonly response: ServerResponse;
    readonly settings: GatewaySettings;
    readonly answers: AnswerMemory;
  },
): Promise<Recording | null> {
  const { asked, response, settings, answers } = making;
  const { call } = asked;
  const { limits } = settings;
  const meter = new AnswerMeter(call);
  let charged: Promise<void> | null = null;
  const charge = (end: CallEnd) => {
    charged ??= store(end);
    return charged;
  };
  const signal = AbortSignal.timeout(limits.callMsMax);
  /** What it costs if its answer can't be read; a provider that has refused it asks for nothing. */
  let unread: CallEnd = { type: "unknown" };
  const held = answers.open(asked.execution.owner.id);
  try {
    const answer = await askProvider(call, {
      key: keyOf(call, settings),
      rawHeaders: asked.rawHeaders,
      silentMsMax: limits.silentMsMax,
      signal,
    });
    const status = answer.statusCode ?? 502;
    const isSuccess = status >= 200 && status < 300;
    if (!isSuccess) unread = { type: "free" };
    // Who refuses a key would say which, or that its account has no money; a redirection leads
    // elsewhere.
    if ([401, 402, 403].includes(status) || (status >= 300 && status < 400)) {
      answer.destroy();
      const alarm = status === 401 || status === 402;
      const facts = { provider: call.model.provider, status, alarm };
      logFailure("a provider refused this deployment", "its status", facts);
      await charge({ type: "free" });
      refuse(response, call, refusedUs(call));
      return null;
    }
    if (status === 429) {
      answer.destroy();
      await charge(unread);
      refuse(response, call, ratedOut(call, answer.headers["retry-after"]));
      return null;
    }
    return await relayAnswer({
      ...{ call, answer, response, meter, held },
      isRecorded: asked.idempotencyKey !== null && isSuccess,
      charge: () => charge(isSuccess ? meter.end() : unread),
    });
  } catch (error) {
    const wasSent = !(error instanceof NoAnswer) || error.wasSent;
    await charge(wasSent ? unread : { type: "free" });
    if (!(error instanceof NoAnswer) && !(error instanceof BadAnswer)) {
      logFailure("a model call failed", error, { provider: call.model.provider });
    }
    refuse(response, call, noAnswer(call, error));
    return null;
  } finally {
    // An answer is in memory until its reader has taken it, who may be in no hurry.
    onceClosed(response, held.leave);
  }
}

function keyOf({ model }: CheckedCall, { keys }: GatewaySettings): string | null {
  if (!model.needsKey) return null;
  const key = keys()[model.provider];
  if (key !== undefined) return key;
  throw new NoAnswer("no key", { wasSent: false, isLate: false });
}

function refusedUs({ model }: CheckedCall): Refusal {
  const message = `${model.provider} refused this deployment; its operator must look at the key.`;
  return { status: 502, message, retryAfterS: null };
}

/** Its own words would name the deployment's account, and what all owners together use. */
function ratedOut({ model }: CheckedCall, retryAfter: string | undefined): Refusal {
  const message = `${model.provider} takes no more calls of this deployment for now.`;
  const seconds = /^\d{1,5}$/.test(retryAfter ?? "") ? Number(retryAfter) : ratedOutS;
  return { status: 429, message, retryAfterS: Math.max(1, seconds) };
}

function noAnswer({ model }: CheckedCall, error: unknown): Refusal {
  const isLate = error instanceof NoAnswer && error.isLate;
  const isKnown = error instanceof NoAnswer || error instanceof BadAnswer;
  const why = isKnown ? error.sentence : "it failed";
  const message = `${model.provider} gave no usable answer: ${why}.`;
  return { status: isLate ? 504 : 502, message, retryAfterS: null };
}

function refuse(response: ServerResponse, call: CheckedCall, refusal: Refusal): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, refusalReply(call.protocol, refusal));
}
