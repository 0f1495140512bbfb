/**
 * Applies the limits of a request: first those of its key, owner and class together, then a place
 * among its owner's requests. All of them are counted in this process's memory, so counting can't
 * fail. Limits across instances (executions, money) are decided in the owner's account.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { turnIdOf, turnPathOf } from "../core/keys/turn-path.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { clientNetwork } from "../core/network/address-range.ts";
import { ApiError } from "../errors/api-error.ts";
import { BodyRoom } from "../limits/body-room.ts";
import { FairGate, type RequestKind, type Turn } from "../limits/fair-gate.ts";
import { limitHeaders } from "../limits/limit-headers.ts";
import { OpenResponses } from "../limits/open-responses.ts";
import { RefusalCache } from "../limits/refusal-cache.ts";
import { type Claimant, claimsOf, reservedClaims, turnOf } from "../limits/request-claims.ts";
import { type Permit, RequestLimiter } from "../limits/request-limiter.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import { bodyBytesOf, receive } from "./parse.ts";
import type { Authentication, Callers, Route } from "./route.ts";

/** A place that a request works in; `turn` is null if no wait is needed. */
export interface WorkPlace {
  readonly turn: Turn | null;
  /** Gives the place back; calling it again changes nothing. */
  readonly leave: () => void;
}

/** A body that has room, and is on its way. */
export interface ComingBody {
  /** @throws {ApiError} `PAYLOAD_TOO_LARGE`, or `ACCOUNT_BUSY` if its room was needed. */
  readonly receive: () => Promise<void>;
  /** Gives its room back; calling it again changes nothing. */
  readonly leave: () => void;
}

interface FailedRequest {
  readonly permit: Permit;
  readonly error: unknown;
  readonly stage: Stage;
}

/**
 * How far a request has come. While its body is received, it takes memory; once it works, its
 * documents may have been read; once it is decided, whatever refuses it isn't the account.
 */
export type Stage = "waiting" | "receiving" | "working" | "decided";

export class LimitGate {
  readonly #limits: DeploymentLimits["requests"];
  readonly #places: FairGate;
  readonly #open: OpenResponses;
  readonly #bodies = new BodyRoom();
  readonly #urgentBodies = new BodyRoom();
  readonly #requests: RequestLimiter;
  /** Apart, so that strangers from many networks can't push keys' counters out of memory. */
  readonly #strangers: RequestLimiter;
  readonly #refusals: RefusalCache;

  /** @param elapsed milliseconds of a monotonic clock. */
  constructor(limits: DeploymentLimits, elapsed: () => number) {
    this.#limits = limits.requests;
    this.#places = new FairGate(limits.fairness, elapsed);
    this.#open = new OpenResponses(limits.fairness);
    this.#requests = new RequestLimiter(elapsed);
    this.#strangers = new RequestLimiter(elapsed);
    this.#refusals = new RefusalCache(elapsed);
  }

  /** @throws {ApiError} `RATE_LIMITED`; then nothing was counted. */
  take(route: Route, caller: Claimant, request: IncomingMessage): Permit {
    const refusal = startsExecution(route) ? this.#refusals.find(caller.id) : null;
    // It may repeat an earlier start, which is no new one. Only reading tells.
    const mayRepeat = request.headers["idempotency-key"] !== undefined;
    if (refusal && !mayRepeat) throw refusal;
    const permit = this.#count(route, caller);
    // A start that was refused a moment ago counts like any other request, whatever refuses it now.
    return refusal ? { ...permit, release: () => undefined } : permit;
  }

  /** What people need in order to close a key has room of its own if the limits are used up. */
  #count(route: Route, caller: Claimant): Permit {
    const { requestClass } = route;
    const counters = requestClass === "public" ? this.#strangers : this.#requests;
    try {
      return counters.take(claimsOf(requestClass, caller, this.#limits));
    } catch (refusal) {
      if (route.neededToClose !== true) throw refusal;
      return this.#requests.take(reservedClaims(caller));
    }
  }

  /**
   * Takes room for a body that is received before `enter` is called for its request; null for
   * requests without one. Otherwise a key whose bodies trickle in would hold its owner's places
   * (KEY-10). Runners' reports aren't received ahead: they are large, and arrive fast.
   * @throws {ApiError} `ACCOUNT_BUSY`, `OVERLOADED`.
   */
  expectBody(route: Route, caller: Claimant, request: IncomingMessage): ComingBody | null {
    if (route.authenticate !== "api-key" && route.authenticate !== "operator") return null;
    const bytesMax = bodyBytesOf(request, route.bodyBytesMax);
    if (typeof route.body === "string" || bytesMax === 0) return null;
    const room = kindOf(route) === "requests" ? this.#bodies : this.#urgentBodies;
    const waiting = new AbortController();
    const expected = { ownerId: caller.owner?.id ?? caller.id, turn: turnOf(caller) };
    const place = room.take({ ...expected, bytesMax }, (refusal) => waiting.abort(refusal));
    const receiving = async () => {
      await receive(request, route.bodyBytesMax, waiting.signal);
      place.arrived();
    };
    return { receive: receiving, leave: place.leave };
  }

  /**
   * Takes a place among the requests in progress (TEN-1); null for callers that aren't owners.
   * @throws {ApiError} `ACCOUNT_BUSY`.
   */
  enter(route: Route, caller: Claimant): WorkPlace | null {
    if (!caller.owner) return null;
    const { id } = caller.owner;
    const kind = kindOf(route);
    const urgent = kind === "requests" ? null : { kind, turn: turnOf(caller) };
    const turn = this.#places.enter(id, urgent);
    let isHeld = turn === null;
    let before = performance.eventLoopUtilization();
    const held = () => {
      isHeld = true;
      before = performance.eventLoopUtilization();
    };
    turn?.entered.then(held, () => undefined);
    const leave = () => {
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
  failed(route: Route, caller: Claimant, { permit, error, stage }: FailedRequest) {
    if (!(error instanceof ApiError) || error.status !== 429) return;
    const isOfAccount = error.code === "RATE_LIMITED" || error.code === "CONCURRENCY_LIMITED";
    const isOfStart = stage === "working" && isOfAccount && startsExecution(route);
    if (isOfStart) this.#refusals.remember(caller.id, error);
    if (isOfStart || stage === "waiting") permit.release();
  }
}

/**
 * A key that has rotated itself counts for the same limits as the key before it, whose windows go
 * on. A key that replaced another one's doesn't: it would use up the room of a key that isn't its.
 * Who shows no credential counts by the network that the request came from.
 */
export function claimantOf(
  caller: Callers[Authentication],
  { now, address }: { readonly now: number; readonly address: string },
): Claimant {
  if (caller.type === "public") return { id: clientNetwork(address) };
  if (caller.type !== "key" || !("key" in caller)) return caller;
  const { id: credentialId, owner, key } = caller;
  return { id: turnIdOf(key), credentialId, turn: turnPathOf(key, now), owner };
}

function startsExecution(route: Route): boolean {
  return route.requestClass === "executions";
}

const endings: ReadonlySet<string> = new Set([
  "execution.cancelled",
  "environment.deleted",
  "execution.ended",
]);

/** Whether the request waits for no other kind (KEY-10). */
function endsSomething(route: Route): boolean {
  if (route.kind !== "change") return false;
  return route.account === "closing" || endings.has(route.audit);
}

function kindOf(route: Route): RequestKind {
  if (endsSomething(route)) return "endings";
  return route.neededToClose === true ? "needed" : "requests";
}

/** Whether an answer may take as long as its client does. */
export function staysOpen({ reply }: Route): boolean {
  return Object.values(reply).some((body) => body === "stream" || body === "bytes");
}

/** Shows the client the tightest of the limits that were applied so far. */
export function setLimitHeaders(response: ServerResponse, state: LimitState | null): void {
  if (!state) return;
  const stated = response.getHeader("ratelimit-remaining");
  if (stated !== undefined && Number(stated) <= state.remaining) return;
  for (const [name, value] of Object.entries(limitHeaders(state))) response.setHeader(name, value);
}
