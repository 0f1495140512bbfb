/** After the first gates: authenticate → scope → parse → read → decide → commit → answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { assert } from "../core/assert.ts";
import { allows } from "../core/keys/scopes.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Turn } from "../limits/fair-gate.ts";
import type { UnsentAnswers } from "../limits/unsent-answers.ts";
import type { Decision } from "../store/change.ts";
import type { Version } from "../store/documents.ts";
import { askedBy } from "./asked-by.ts";
import { type Credential, clientAddress, requestFacts } from "./gates.ts";
import {
  claimantOf,
  type LimitGate,
  receiveEnding,
  setLimitHeaders,
  type WorkPlace,
} from "./limit-gate.ts";
import { parseParams, parseQuery, readJson } from "./parse.ts";
import { RepeatableIds } from "./repeatable-ids.ts";
import { logFailure, type RequestRecord } from "./request-log.ts";
import type { Authenticated, RequestSecurity } from "./request-security.ts";
import { sendJson, sendStream } from "./respond.ts";
import type {
  AnyContext,
  Authentication,
  Callers,
  Decided,
  Deps,
  JsonReply,
  Route,
} from "./route.ts";
import { refuseVainKey, refuseVainPreconditions } from "./vain-headers.ts";

/** A request that has passed the first gates. */
export interface MatchedRequest {
  readonly route: Route;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly credential: Credential;
  readonly record: RequestRecord;
  readonly contentType: string | undefined;
}

/** What a function remembers between requests. */
export interface FunctionState {
  readonly security: RequestSecurity;
  readonly deps: Deps;
  readonly limits: LimitGate;
  readonly unsent: UnsentAnswers;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export async function runRoute(
  matched: MatchedRequest,
  exchange: Exchange,
  known: FunctionState,
): Promise<void> {
  const { route, record, credential } = matched;
  const { request, response } = exchange;
  const beganAt = performance.now();
  const authenticated = await known.security.authenticate(
    route.authenticate,
    credential,
    clientAddress(request),
  );
  const { caller } = authenticated;
  record.callerId = caller.id;
  record.ownerId = "owner" in caller ? caller.owner.id : null;
  const claimant = claimantOf(caller);
  const permit = known.limits.take(route, claimant, request);
  setLimitHeaders(response, permit.state);
  let place: WorkPlace | null = null;
  let isAtWork = false;
  try {
    const close = known.limits.open(route, claimant);
    if (close) onceClosed(response, close);
    await receiveEnding(route, request);
    place = known.limits.enter(route, claimant);
    if (place?.turn) await turnOf(place.turn, response);
    const leave = place?.leave ?? (() => undefined);
    isAtWork = true;
    await answer(matched, exchange, { ...known, ...authenticated, beganAt, leave });
  } catch (error) {
    known.limits.failed(route, claimant, { permit, error, isAtWork });
    throw error;
  } finally {
    place?.leave();
  }
}

function onceClosed(response: ServerResponse, act: () => void): void {
  if (response.closed) act();
  else response.once("close", act);
}

/** A client that goes away while waiting leaves its place in the queue to others. */
async function turnOf(turn: Turn, response: ServerResponse): Promise<void> {
  onceClosed(response, turn.cancel);
  try {
    await turn.entered;
  } finally {
    response.off("close", turn.cancel);
  }
}

/** A request that has a place among those in progress. */
interface Working extends Authenticated, Pick<FunctionState, "deps" | "security" | "unsent"> {
  /** Monotonic milliseconds, taken before the key was looked up. */
  readonly beganAt: number;
  /** Gives the place back; an answer that stays open or only waits doesn't need it. */
  readonly leave: () => void;
}

async function answer(matched: MatchedRequest, exchange: Exchange, known: Working): Promise<void> {
  const { route } = matched;
  const { response } = exchange;
  const { caller, confirmed, freshMs, reconfirm, recordKeyUse, beganAt } = known;
  if (takesAccount(route) && "owner" in caller) known.deps.commits.warm(caller.owner);
  // Work that began with a stale key entry is answered only once the key is confirmed.
  const canStartEarly = readsOnly(route) && hasScope(route, caller);
  const speculativeRead = canStartEarly
    ? prepareRequest(matched, caller, exchange, known.deps)
    : null;
  speculativeRead?.catch(() => {});
  const confirmedCaller = await confirmed;
  response.once("close", recordKeyUse);
  requireScope(route, confirmedCaller);
  const { context, ids, data } = await (speculativeRead ??
    prepareRequest(matched, confirmedCaller, exchange, known.deps));
  if (performance.now() - beganAt > freshMs) await reconfirm();
  const { decided, version } = await commit(route, { context, ids, data, beganAt }, known);
  setLimitHeaders(response, decided.limit ?? null);
  const reply = typeof decided.reply === "function" ? decided.reply(version) : decided.reply;
  if ("stream" in reply || route.after || route.answerAfter) known.leave();
  // What was done is followed up whether or not its asker is still there.
  const followUp = { ...context, deps: known.deps, data, decided, version };
  if ("stream" in reply) {
    await Promise.all([sendStream(response, reply), runAfter(route, followUp)]);
    return;
  }
  const followed = await runAfter(route, followUp);
  const callerId = "owner" in caller ? caller.owner.id : caller.id;
  const counted = { callerId, mayRefuse: !changes(decided) };
  sendJson(response, followed ?? reply, (bytes) => known.unsent.add(response, counted, bytes));
}

function takesAccount({ budget }: Route): boolean {
  return budget !== "free" && budget !== "closing";
}

/** Other routes store objects or key pairs before they commit, or count the bytes they send. */
function readsOnly({ audit, budget, reply }: Route): boolean {
  const countsBytes = Object.values(reply).includes("bytes");
  return !countsBytes && (audit === "none" || budget === "hold");
}

function hasScope(route: Route, caller: Callers[Authentication]): boolean {
  if (route.scope === "none" || caller.type !== "key" || !("key" in caller)) return true;
  return allows(caller.key.scopes, route.scope);
}

function requireScope(route: Route, caller: Callers[Authentication]): void {
  if (hasScope(route, caller)) return;
  const message = `The API key lacks the scope ${route.scope}.`;
  throw new ApiError("FORBIDDEN", { message, details: { requiredScope: route.scope } });
}

interface PreparedRequest {
  readonly context: AnyContext;
  readonly ids: RepeatableIds;
  readonly data: unknown;
}

async function prepareRequest(
  matched: MatchedRequest,
  caller: Callers[Authentication],
  exchange: Exchange,
  deps: Deps,
): Promise<PreparedRequest> {
  const { route } = matched;
  const { request, response } = exchange;
  const options = {
    bytesMax: route.bodyBytesMax,
    contentType: matched.contentType,
    // A runner reports a program's output, whatever it contains.
    nul: route.authenticate === "execution" ? ("kept" as const) : ("refused" as const),
  };
  const gone = new AbortController();
  // Skipped after the answer, because each abort creates an error with a stack.
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const ids = new RepeatableIds(deps.newId);
  const facts = requestFacts(request, matched.record.requestId);
  refuseVainKey(route, facts);
  refuseVainPreconditions(route, facts);
  const context: AnyContext = {
    caller,
    params: parseParams(route.params, matched.params),
    query: parseQuery(route.query, matched.query),
    body: typeof route.body === "string" ? null : await readJson(request, route.body, options),
    raw: request,
    request: facts,
    now: deps.now(),
    ids,
    deps: askedBy(deps, gone.signal),
    repeated: false,
    signal: gone.signal,
  };
  const data = route.read === "nothing" ? null : await route.read(context);
  return { context, ids, data };
}

async function commit(
  route: Route,
  prepared: PreparedRequest & { readonly beganAt: number },
  { deps, security }: Pick<FunctionState, "deps" | "security">,
): Promise<{ readonly decided: Decided; readonly version: Version | null }> {
  const { context, ids } = prepared;
  const needsAccount = takesAccount(route);
  let { data } = prepared;
  if (!needsAccount && route.audit === "none") {
    const decided = route.decide({ ...context, data, account: null });
    if (decided.writes.length === 0) return { decided, version: null };
  }
  const owner = ownerOf(context, data);
  const rowId = deps.newId("auditRow");
  const sealed = route.audit === "none" ? null : await security.sealDetails(route, context, rowId);
  const { decision, version } = await deps.commits.submit<Decision & { decided: Decided }>({
    owner,
    needsAccount,
    closes: route.budget === "closing",
    askedAt: prepared.beganAt,
    refresh: async () => {
      ids.repeat();
      if (route.read !== "nothing") data = await route.read({ ...context, repeated: true });
    },
    decide: (account) => {
      ids.repeat();
      const decided = route.decide({ ...context, data, account });
      if (route.audit === "none" || !changes(decided)) return { ...decided, decided };
      const row = security.auditRow(route, { context, decided, rowId, sealed });
      return { ...decided, decided, writes: [...decided.writes, row] };
    },
  });
  return { decided: decision.decided, version };
}

function changes({ writes, account }: Decided): boolean {
  return writes.length > 0 || account !== undefined;
}

/** The owner whose queue a change takes: the caller, or the one that a privileged caller names. */
function ownerOf(context: AnyContext, data: unknown): Owner {
  if ("owner" in context.caller) return context.caller.owner;
  assert(typeof data === "object" && data !== null && "owner" in data, "no owner to act on");
  return data.owner as Owner;
}

/** Failing here loses nothing: an outbox does it again. But nobody is told that it is done. */
async function runAfter(
  route: Route,
  context: Parameters<NonNullable<Route["after"]>>[0],
): Promise<JsonReply | undefined> {
  try {
    await route.after?.(context);
    return await route.answerAfter?.(context);
  } catch (cause) {
    logFailure(`after ${route.answers} failed`, cause, { requestId: context.request.id });
    if (!route.promisesAfter) return undefined;
    throw new ApiError("UNAVAILABLE", { cause, headers: { "retry-after": "5" } });
  }
}
