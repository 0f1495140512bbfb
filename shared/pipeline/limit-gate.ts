/**
 * The limits of a request, in their order: its address before it is authenticated, then its key,
 * owner and class together. All in this process's memory, so none of it can fail or wait; what must
 * hold across instances (executions, money) is decided in the owner's account.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DeploymentLimits } from "../core/deployment-limits.ts";
import { ApiError } from "../errors/api-error.ts";
import { FailedAuthentications } from "../limits/failed-authentications.ts";
import { KnownRefusals } from "../limits/known-refusals.ts";
import { limitHeaders } from "../limits/limit-headers.ts";
import { type Claimant, claimsOf } from "../limits/request-claims.ts";
import { type Permit, RequestLimiter } from "../limits/request-limiter.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import { clientAddress } from "./gates.ts";
import type { Route } from "./route.ts";

export class LimitGate {
  readonly #limits: DeploymentLimits["requests"];
  readonly #requests: RequestLimiter;
  readonly #failed: FailedAuthentications;
  readonly #refusals: KnownRefusals;

  /** @param elapsed ms of a clock that never goes back. */
  constructor(limits: DeploymentLimits, elapsed: () => number) {
    this.#limits = limits.requests;
    this.#requests = new RequestLimiter(elapsed);
    this.#failed = new FailedAuthentications(limits.failedAuthentications, elapsed);
    this.#refusals = new KnownRefusals(elapsed);
  }

  /** @throws {ApiError} `RATE_LIMITED`. */
  checkAddress(route: Route, request: IncomingMessage): void {
    if (isExposed(route)) this.#failed.check(clientAddress(request));
  }

  noteRefusal(route: Route, request: IncomingMessage, error: ApiError): void {
    if (error.status !== 401 || !isExposed(route)) return;
    this.#failed.note(clientAddress(request));
  }

  /** @throws {ApiError} `RATE_LIMITED`, and then nothing was counted. */
  take(route: Route, caller: Claimant, request: IncomingMessage): Permit {
    // A repetition of what was started is no start.
    const starts = startsExecution(route) && request.headers["idempotency-key"] === undefined;
    if (starts) this.#refusals.check(caller.id);
    return this.#requests.take(claimsOf(route.limits, caller, this.#limits));
  }

  /** What another limit refused counts against none of these (LIM-2). */
  failed(route: Route, caller: Claimant, { permit, error }: { permit: Permit; error: unknown }) {
    if (!(error instanceof ApiError) || error.status !== 429) return;
    permit.giveBack();
    // A place may be free again at any moment, a window's isn't before the time it names.
    const isWindow = error.code === "RATE_LIMITED";
    if (isWindow && startsExecution(route)) this.#refusals.remember(caller.id, error);
  }
}

function startsExecution(route: Route): boolean {
  return route.limits === "executions";
}

/** Internal callers share the platform's addresses, and the public shows no credential. */
function isExposed({ authenticate }: Route): boolean {
  return authenticate === "api-key" || authenticate.endsWith("operator");
}

/** The tightest limit is the one a client should know. */
export function setLimitHeaders(response: ServerResponse, state: LimitState | null): void {
  if (!state) return;
  const stated = response.getHeader("ratelimit-remaining");
  if (stated !== undefined && Number(stated) <= state.remaining) return;
  for (const [name, value] of Object.entries(limitHeaders(state))) response.setHeader(name, value);
}
