/** After the first gates: authenticate → scope → parse → read → decide → commit → answer. */
import type { ServerResponse } from "node:http";
import { assert } from "../core/assert.ts";
import type { IdKind } from "../core/ids.ts";
import { allows } from "../core/keys/scopes.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Turn } from "../limits/fair-gate.ts";
import type { UnsentAnswers } from "../limits/unsent-answers.ts";
import type { SentAnswers } from "../quotas/sent-answers.ts";
import type { Decision } from "../store/change.ts";
import type { Version } from "../store/documents.ts";
import { askedBy } from "./asked-by.ts";
import { countSentBytes, type Exchange } from "./count-sent-bytes.ts";
import { clientAddress, requestFacts, type Shown } from "./gates.ts";
import {
  claimantOf,
  type LimitGate,
  type Place,
  receiveEnding,
  setLimitHeaders,
} from "./limit-gate.ts";
import type { Authenticated, Members } from "./members.ts";
import { parseParams, parseQuery, readJson } from "./parse.ts";
import { logFailure, type RequestRecord } from "./request-log.ts";
import { sendJson, sendStream } from "./respond.ts";
import type {
  AnyContext,
  Authentication,
  Callers,
  Decided,
  Deps,
  Ids,
  JsonReply,
  Route,
} from "./route.ts";
import { refuseVainKey, refuseVainPreconditions } from "./vain-headers.ts";

/** A request that has passed the first gates. */
export interface Admitted {
  readonly route: Route;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly shown: Shown;
  readonly record: RequestRecord;
  readonly contentType: string | undefined;
}

/** What a function remembers between requests. */
export interface Known {
  readonly members: Members;
  readonly deps: Deps;
  readonly limits: LimitGate;
  readonly unsent: UnsentAnswers;
  readonly sent: SentAnswers;
}

/** Gives a repeated read or decision the same ids again. */
class RepeatableIds implements Ids {
  readonly #given = new Map<IdKind, string[]>();
  readonly #taken = new Map<IdKind, number>();
  readonly #newId: (kind: IdKind) => string;
  constructor(newId: (kind: IdKind) => string) {
    this.#newId = newId;
  }
  next(kind: IdKind): string {
    const given = this.#given.get(kind) ?? [];
    const taken = this.#taken.get(kind) ?? 0;
    const id = given[taken] ?? this.#newId(kind);
    given[taken] = id;
    this.#given.set(kind, given);
    this.#taken.set(kind, taken + 1);
    return id;
  }
  repeat(): void {
    this.#taken.clear();
  }
}

export async function runRoute(
  admitted: Admitted,
  exchange: Exchange,
  known: Known,
): Promise<void> {
  const { route, record, shown } = admitted;
  const { request, response } = exchange;
  const beganAt = performance.now();
  const authenticated = await known.members.authenticate(
    route.authenticate,
    shown,
    clientAddress(request),
  );
  const { caller } = authenticated;
  record.callerId = caller.id;
  record.ownerId = "owner" in caller ? caller.owner.id : null;
  const claimant = claimantOf(caller);
  const permit = known.limits.take(route, claimant, request);
  setLimitHeaders(response, permit.state);
  let place: Place | null = null;
  let isAtWork = false;
  try {
    if ("key" in caller) countSentBytes(route, exchange, { owner: caller.owner, sent: known.sent });
    const close = known.limits.open(route, claimant);
    if (close) onceClosed(response, close);
    await receiveEnding(route, request);
    place = known.limits.enter(route, claimant);
    if (place?.turn) await turnOf(place.turn, response);
    const leave = place?.leave ?? (() => undefined);
    isAtWork = true;
    await answer(admitted, exchange, { ...known, ...authenticated, beganAt, leave });
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
interface Working extends Authenticated, Pick<Known, "deps" | "members" | "unsent"> {
  /** Monotonic milliseconds, taken before the key was looked up. */
  readonly beganAt: number;
  /** Gives the place back; an answer that stays open or only waits doesn't need it. */
  readonly leave: () => void;
}

async function answer(admitted: Admitted, exchange: Exchange, known: Working): Promise<void> {
  const { route } = admitted;
  const { response } = exchange;
  const { caller, confirmed, freshMs, again, noteUse, beganAt } = known;
  if (takesAccount(route) && "owner" in caller) known.deps.commits.warm(caller.owner);
  // Work that began with a stale key entry is answered only once the key is confirmed.
  const ahead = readsOnly(route) && hasScope(route, caller);
  const early = ahead ? begin(admitted, caller, exchange, known.deps) : null;
  early?.catch(() => {});
  const sure = await confirmed;
  response.once("close", noteUse);
  requireScope(route, sure);
  const { context, ids, data } = await (early ?? begin(admitted, sure, exchange, known.deps));
  if (performance.now() - beganAt > freshMs) await again();
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

interface Begun {
  readonly context: AnyContext;
  readonly ids: RepeatableIds;
  readonly data: unknown;
}

async function begin(
  admitted: Admitted,
  caller: Callers[Authentication],
  exchange: Exchange,
  deps: Deps,
): Promise<Begun> {
  const { route } = admitted;
  const { request, response } = exchange;
  const options = {
    bytesMax: route.bodyBytesMax,
    contentType: admitted.contentType,
    // A runner reports a program's output, whatever it contains.
    nul: route.authenticate === "execution" ? ("kept" as const) : ("refused" as const),
  };
  const gone = new AbortController();
  // Skipped after the answer, because each abort creates an error with a stack.
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const ids = new RepeatableIds(deps.newId);
  const facts = requestFacts(request, admitted.record.requestId);
  refuseVainKey(route, facts);
  refuseVainPreconditions(route, facts);
  const context: AnyContext = {
    caller,
    params: parseParams(route.params, admitted.params),
    query: parseQuery(route.query, admitted.query),
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
  begun: Begun & { readonly beganAt: number },
  { deps, members }: Pick<Known, "deps" | "members">,
): Promise<{ readonly decided: Decided; readonly version: Version | null }> {
  const { context, ids } = begun;
  const needsAccount = takesAccount(route);
  let { data } = begun;
  if (!needsAccount && route.audit === "none") {
    const decided = route.decide({ ...context, data, account: null });
    if (decided.writes.length === 0) return { decided, version: null };
  }
  const owner = ownerOf(context, data);
  const rowId = deps.newId("auditRow");
  const sealed = route.audit === "none" ? null : await members.sealDetails(route, context, rowId);
  const { decision, version } = await deps.commits.submit<Decision & { decided: Decided }>({
    owner,
    needsAccount,
    closes: route.budget === "closing",
    askedAt: begun.beganAt,
    refresh: async () => {
      ids.repeat();
      if (route.read !== "nothing") data = await route.read({ ...context, repeated: true });
    },
    decide: (account) => {
      ids.repeat();
      const decided = route.decide({ ...context, data, account });
      if (route.audit === "none" || !changes(decided)) return { ...decided, decided };
      const row = members.auditRow(route, { context, decided, rowId, sealed });
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
