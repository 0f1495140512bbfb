/**
 * Applies the limits of a request: first those of its key, owner and class together, then a place
 * among its owner's requests. All of them are counted in this process's memory, so counting can't
 * fail. Limits across instances (executions, money) are decided in the owner's account.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { ApiError } from "../errors/api-error.ts";
import { FairGate, type Turn } from "../limits/fair-gate.ts";
import { limitHeaders } from "../limits/limit-headers.ts";
import { OpenAnswers } from "../limits/open-answers.ts";
import { RefusalCache } from "../limits/refusal-cache.ts";
import { type Claimant, claimsOf, credentialOf } from "../limits/request-claims.ts";
import { type Permit, RequestLimiter } from "../limits/request-limiter.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import { receive } from "./parse.ts";
import type { Authentication, Callers, Route } from "./route.ts";

/** A place that a request works in; `turn` is null if no wait is needed. */
export interface WorkPlace {
  readonly turn: Turn | null;
  /** Gives the place back; calling it again changes nothing. */
  readonly leave: () => void;
}

interface Failed {
  readonly permit: Permit;
  readonly error: unknown;
  readonly stage: Stage;
}

/**
 * How far a request has come. Once it works, its documents may have been read; once it is decided,
 * whatever refuses it isn't the account.
 */
export type Stage = "waiting" | "working" | "decided";

export class LimitGate {
  readonly #limits: DeploymentLimits["requests"];
  readonly #places: FairGate;
  readonly #open: OpenAnswers;
  readonly #requests: RequestLimiter;
  readonly #refusals: RefusalCache;

  /** @param elapsed milliseconds of a monotonic clock. */
  constructor(limits: DeploymentLimits, elapsed: () => number) {
    this.#limits = limits.requests;
    this.#places = new FairGate(limits.fairness, elapsed);
    this.#open = new OpenAnswers(limits.fairness);
    this.#requests = new RequestLimiter(elapsed);
    this.#refusals = new RefusalCache(elapsed);
  }

  /** @throws {ApiError} `RATE_LIMITED`; then nothing was counted. */
  take(route: Route, caller: Claimant, request: IncomingMessage): Permit {
    const refusal = startsExecution(route) ? this.#refusals.find(caller.id) : null;
    // It may repeat an earlier start, which is no new one. Only reading tells.
    const mayRepeat = request.headers["idempotency-key"] !== undefined;
    if (refusal && !mayRepeat) throw refusal;
    const permit = this.#requests.take(claimsOf(route.limits, caller, this.#limits));
    // A start that was refused a moment ago counts like any other request, whatever refuses it now.
    return refusal ? { ...permit, release: () => undefined } : permit;
  }

  /**
   * Takes a place among the requests in progress (TEN-1); null for callers that aren't owners.
   * @throws {ApiError} `ACCOUNT_BUSY`.
   */
  enter(route: Route, caller: Claimant): WorkPlace | null {
    if (!caller.owner) return null;
    const { id } = caller.owner;
    const isEnding = endsSomething(route);
    const turn = this.#places.enter(id, isEnding ? credentialOf(caller) : null);
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
   * Counts an answer that may stay open until the returned function is called; null for others.
   * @throws {ApiError} `STREAMS_LIMITED`.
   */
  open(route: Route, caller: Claimant): (() => void) | null {
    if (!caller.owner || route.authenticate !== "api-key" || !staysOpen(route)) return null;
    return this.#open.take(caller.id, caller.owner.id);
  }

  /**
   * Takes a request off the counters if another limit refused it (LIM-2): one that refuses before
   * anything is read, or the account's limit on starts, whose refusal is remembered instead. All
   * other refusals cost reads each time, so they count.
   */
  failed(route: Route, caller: Claimant, { permit, error, stage }: Failed) {
    if (!(error instanceof ApiError) || error.status !== 429) return;
    const isOfAccount = error.code === "RATE_LIMITED" || error.code === "CONCURRENCY_LIMITED";
    const isOfStart = stage === "working" && isOfAccount && startsExecution(route);
    if (isOfStart) this.#refusals.remember(caller.id, error);
    if (isOfStart || stage === "waiting") permit.release();
  }
}

/** A rotated key counts for the same limits as the key before it, whose windows go on. */
export function claimantOf(caller: Callers[Authentication]): Claimant {
  if (caller.type !== "key" || !("key" in caller)) return caller;
  const { id: credentialId, owner, key } = caller;
  return { id: key.lineageId ?? credentialId, credentialId, owner };
}

function startsExecution(route: Route): boolean {
  return route.limits === "executions";
}

const endings: ReadonlySet<string> = new Set([
  "execution.cancelled",
  "environment.deleted",
  "execution.ended",
]);

/** Whether the request waits for no other kind (KEY-10). */
function endsSomething(route: Route): boolean {
  if (route.kind !== "change") return false;
  return route.budget === "closing" || endings.has(route.audit);
}

/**
 * Reads the body of a request before `enter` is called for it. Otherwise a key whose bodies trickle
 * in would hold its owner's places, and no other key of that owner could be revoked meanwhile
 * (KEY-10). Runners' reports aren't read ahead: they are large, and arrive fast.
 */
export async function receiveBody(route: Route, request: IncomingMessage): Promise<void> {
  if (route.authenticate !== "api-key" && route.authenticate !== "operator") return;
  if (typeof route.body !== "string") await receive(request, route.bodyBytesMax);
}

function staysOpen({ reply }: Route): boolean {
  return Object.values(reply).some((body) => body === "stream" || body === "bytes");
}

/** Shows the client the tightest of the limits that were applied so far. */
export function setLimitHeaders(response: ServerResponse, state: LimitState | null): void {
  if (!state) return;
  const stated = response.getHeader("ratelimit-remaining");
  if (stated !== undefined && Number(stated) <= state.remaining) return;
  for (const [name, value] of Object.entries(limitHeaders(state))) response.setHeader(name, value);
}
