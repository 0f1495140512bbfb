/**
 * The limits of a request: its key, owner and class together, then a place among its owner's. All
 * in this process's memory, so none of it can fail; what must hold across instances (executions,
 * money) is decided in the owner's account.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { ApiError } from "../errors/api-error.ts";
import { FairGate, type Turn } from "../limits/fair-gate.ts";
import { limitHeaders } from "../limits/limit-headers.ts";
import { OpenAnswers } from "../limits/open-answers.ts";
import { RefusalCache } from "../limits/refusal-cache.ts";
import { type Claimant, claimsOf } from "../limits/request-claims.ts";
import { type Permit, RequestLimiter } from "../limits/request-limiter.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import { receive } from "./parse.ts";
import type { Route } from "./route.ts";

/** A place that a request works in; `turn` is null if it has it already. */
export interface WorkPlace {
  readonly turn: Turn | null;
  /** Gives it back; calling it again changes nothing. */
  readonly leave: () => void;
}

export class LimitGate {
  readonly #limits: DeploymentLimits["requests"];
  readonly #places: FairGate;
  readonly #open: OpenAnswers;
  readonly #requests: RequestLimiter;
  readonly #refusals: RefusalCache;

  /** @param elapsed ms of a clock that never goes back. */
  constructor(limits: DeploymentLimits, elapsed: () => number) {
    this.#limits = limits.requests;
    this.#places = new FairGate(limits.fairness, elapsed);
    this.#open = new OpenAnswers(limits.fairness);
    this.#requests = new RequestLimiter(elapsed);
    this.#refusals = new RefusalCache(elapsed);
  }

  /** @throws {ApiError} `RATE_LIMITED`, and then nothing was counted. */
  take(route: Route, caller: Claimant, request: IncomingMessage): Permit {
    const refusal = startsExecution(route) ? this.#refusals.find(caller.id) : null;
    // A repetition of what was started is no start: whether it is one takes looking it up.
    const mayRepeat = request.headers["idempotency-key"] !== undefined;
    if (refusal && !mayRepeat) throw refusal;
    const permit = this.#requests.take(claimsOf(route.limits, caller, this.#limits));
    // Looking up again and again what is known to be refused counts as requests do.
    return refusal ? { ...permit, release: () => undefined } : permit;
  }

  /**
   * A place among the requests that are worked on (TEN-1); null for callers that aren't owners.
   * @throws {ApiError} `ACCOUNT_BUSY`.
   */
  enter(route: Route, caller: Claimant): WorkPlace | null {
    if (!caller.owner) return null;
    const { id } = caller.owner;
    const isEnding = endsSomething(route);
    const turn = this.#places.enter(id, isEnding ? caller.id : null);
    let isHeld = turn === null;
    let before = performance.eventLoopUtilization();
    const held = () => {
      isHeld = true;
      before = performance.eventLoopUtilization();
    };
    turn?.entered.then(held, () => undefined);
    const leave = () => {
      const kind = isEnding ? "endings" : "requests";
      const { active: computedMs } = performance.eventLoopUtilization(before);
      if (isHeld) this.#places.leave(id, kind, computedMs);
      isHeld = false;
    };
    return { turn, leave };
  }

  /**
   * Counts an answer that may stay open, until what this returns is called; null for others.
   * @throws {ApiError} `STREAMS_LIMITED`.
   */
  open(route: Route, caller: Claimant): (() => void) | null {
    if (!caller.owner || route.authenticate !== "api-key" || !staysOpen(route)) return null;
    return this.#open.take(caller.id, caller.owner.id);
  }

  /** What another limit refused counts against none of these (LIM-2). */
  failed(route: Route, caller: Claimant, { permit, error }: { permit: Permit; error: unknown }) {
    if (!(error instanceof ApiError) || error.status !== 429) return;
    permit.release();
    const isOfAccount = error.code === "RATE_LIMITED" || error.code === "CONCURRENCY_LIMITED";
    if (isOfAccount && startsExecution(route)) this.#refusals.remember(caller.id, error);
  }
}

function startsExecution(route: Route): boolean {
  return route.limits === "executions";
}

const endings: ReadonlySet<string> = new Set([
  "execution.cancelled",
  "environment.deleted",
  "execution.ended",
]);

/** Such a request waits for no other kind (KEY-10). */
function endsSomething({ budget, audit }: Route): boolean {
  return budget === "closing" || endings.has(audit);
}

/**
 * Reads the body of what ends something, for which `enter` is called then. A key whose endings
 * trickle in would hold its owner's place for them, and no other key of that owner could be revoked
 * meanwhile (KEY-10). Runners' reports are large, and don't trickle.
 */
export async function receiveEnding(route: Route, request: IncomingMessage): Promise<void> {
  if (!endsSomething(route) || route.authenticate !== "api-key") return;
  if (typeof route.body !== "string") await receive(request, route.bodyBytesMax);
}

function staysOpen({ reply }: Route): boolean {
  return Object.values(reply).some((body) => body === "stream" || body === "bytes");
}

/** The tightest limit is the one a client should know. */
export function setLimitHeaders(response: ServerResponse, state: LimitState | null): void {
  if (!state) return;
  const stated = response.getHeader("ratelimit-remaining");
  if (stated !== undefined && Number(stated) <= state.remaining) return;
  for (const [name, value] of Object.entries(limitHeaders(state))) response.setHeader(name, value);
}
