/**
 * Runs a request whose form and credential `serve.ts` has checked: authenticate → limits → body →
 * place → scope → parse → read → prepare → decide → commit → after → answer. A stream is sent while
 * `after` runs. The body of a key that lacks the scope isn't received.
 */

import type { ServerResponse } from "node:http";
import { mayReadThreadText, withoutThreadText } from "../contract/thread-text.ts";
import { rightsReasons } from "../core/keys/refused-uses.ts";
import { allows } from "../core/keys/scopes.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import { onceClosed } from "../http/once-closed.ts";
import { lacksScope } from "../keys/require-key-scope.ts";
import type { Turn } from "../limits/fair-gate.ts";
import type { UnreadBytes } from "../limits/unread-bytes.ts";
import type { SentByteCounter } from "../quotas/sent-byte-counter.ts";
import { changes, commitChange, followCommit, prepareData, undoPrepared } from "./commit-change.ts";
import { countSentBytes, requireRoomToStream } from "./count-sent-bytes.ts";
import {
  type ComingBody,
  claimantOf,
  type LimitGate,
  type Stage,
  setLimitHeaders,
  staysOpen,
  type WorkPlace,
} from "./limit-gate.ts";
import {
  type Exchange,
  type MatchedRequest,
  parseAndRead,
  type ReadRequest,
} from "./parse-and-read.ts";
import type { Authenticated, RequestSecurity } from "./request-security.ts";
import { sendJson, sendStream } from "./respond.ts";
import type {
  Authentication,
  Callers,
  ChangeRoute,
  Deps,
  JsonReply,
  Reply,
  Route,
} from "./route.ts";
import { watchCaller } from "./watch-caller.ts";

/** What a function remembers between requests. */
export interface FunctionState {
  readonly security: RequestSecurity;
  readonly deps: Deps;
  readonly limits: LimitGate;
  readonly unread: UnreadBytes;
  readonly sentBytes: SentByteCounter;
}

export async function runRoute(
  matched: MatchedRequest,
  exchange: Exchange,
  known: FunctionState,
): Promise<void> {
  const { route, record, credential } = matched;
  const { request, response } = exchange;
  const beganAt = performance.now();
  const authenticated = await known.security.authenticate(route.authenticate, credential, record);
  const { caller, recordKeyUse } = authenticated;
  // After the answer; but one that stays open shows where it is sent to while it is sent.
  const used = () => (staysOpen(route) ? void recordKeyUse() : onceClosed(response, recordKeyUse));
  authenticated.confirmed.then(used, () => undefined);
  record.callerId = caller.id;
  record.ownerId = "owner" in caller ? caller.owner.id : null;
  const claimant = claimantOf(caller, { now: known.deps.now(), address: record.address });
  const permit = known.limits.take(route, claimant, request);
  setLimitHeaders(response, permit.state);
  let place: WorkPlace | null = null;
  let body: ComingBody | null = null;
  let stage: Stage = "waiting";
  try {
    if ("key" in caller) {
      const sender = { owner: caller.owner, counter: known.sentBytes };
      if (route.streams && route.kind !== "change") requireRoomToStream(route, sender);
      countSentBytes(route, exchange, sender);
    }
    const close = known.limits.open(route, claimant);
    if (close) onceClosed(response, close);
    if (hasScope(route, caller)) body = known.limits.expectBody(route, claimant, request);
    if (body) {
      stage = "receiving";
      await body.receive();
      stage = "waiting";
    }
    place = known.limits.enter(route, claimant);
    if (place?.turn) await turnOf(place.turn, response);
    const leave = () => {
      place?.leave();
      body?.leave();
    };
    void exchange.brokenOff.then(leave);
    const decided = () => {
      stage = "decided";
    };
    stage = "working";
    await answer(matched, exchange, { ...known, ...authenticated, beganAt, leave, decided });
  } catch (error) {
    recordIfRefused(error, authenticated);
    known.limits.failed(route, claimant, { permit, error, stage });
    throw error;
  } finally {
    place?.leave();
    body?.leave();
  }
}

/** Waits for the request's turn. A client that goes away leaves the queue. */
async function turnOf(turn: Turn, response: ServerResponse): Promise<void> {
  onceClosed(response, turn.cancel);
  try {
    await turn.entered;
  } finally {
    response.off("close", turn.cancel);
  }
}

/** A request that has a place among those in progress. */
interface Working
  extends Authenticated,
    Pick<FunctionState, "deps" | "security" | "unread" | "sentBytes"> {
  /** Monotonic milliseconds, taken before the key was looked up. */
  readonly beganAt: number;
  /** Gives the place back early, for a request that from now on only sends a stream or waits. */
  readonly leave: () => void;
  /** Called once the answer is decided; the account doesn't cause any refusal after that. */
  readonly decided: () => void;
}

async function answer(matched: MatchedRequest, exchange: Exchange, known: Working): Promise<void> {
  const { route } = matched;
  const { response } = exchange;
  const { caller } = known;
  const keepConfirmed = confirming(known);
  const confirmed = keepConfirmed();
  // Reading may begin with a remembered key. It is answered only once the key is confirmed.
  const early =
    canStartEarly(route, caller) && !response.closed
      ? parseAndRead(matched, caller, exchange, known.deps)
      : null;
  early?.catch(() => {});
  const confirmedCaller = await confirmed;
  requireScope(route, confirmedCaller);
  // Nobody reads the answer, and it may be a stream. A change is made all the same.
  if (response.closed && route.kind !== "change") return;
  const read = await (early ?? parseAndRead(matched, confirmedCaller, exchange, known.deps));
  const context = { ...read.context, caller: confirmedCaller };
  const { reply, changed, follow } = await runSteps(
    route,
    { ...read, context },
    { ...known, keepConfirmed },
    response,
  );
  known.decided();
  if ("stream" in reply && !changed && "key" in caller) {
    requireRoomToStream(route, { owner: caller.owner, counter: known.sentBytes });
  }
  if ("stream" in reply || "relay" in reply || follow) known.leave();
  if ("relay" in reply) return await reply.relay(response);
  if ("stream" in reply) {
    const endWatch = watchCaller(response, async () => {
      const again = await known.findAgain();
      return again !== null && hasScope(route, again);
    });
    await allInOrder([sendStream(response, reply).finally(endWatch), follow?.()]);
    return;
  }
  const followed = await follow?.();
  const callerId = "owner" in caller ? caller.owner.id : caller.id;
  const neededToClose = route.neededToClose === true;
  const counted = { callerId, mayRefuse: !changed, neededToClose };
  const shown = shownTo(route, confirmedCaller, followed ?? reply);
  sendJson(response, shown, (bytes) => known.unread.add(response, counted, bytes));
}

/** The answer without what is said in threads, for a key that may not read them (OWN-2). */
function shownTo(route: Route, caller: Callers[Authentication], reply: JsonReply): JsonReply {
  if (!("key" in caller) || mayReadThreadText(caller.key.scopes)) return reply;
  const schema = route.reply[reply.status];
  if (schema === undefined || typeof schema === "string") return reply;
  return { ...reply, body: Object(withoutThreadText(schema, reply.body)) };
}

/** The result of a route's steps. */
interface StepsResult {
  readonly reply: Reply;
  readonly changed: boolean;
  /** Runs what follows the commit, whose answer replaces `reply`; null if nothing follows. */
  readonly follow: (() => Promise<JsonReply | undefined>) | null;
}

/** Runs the steps after `read`. A step that writes begins only with a key that was confirmed. */
async function runSteps(
  route: Route,
  read: ReadRequest,
  known: Working & { readonly keepConfirmed: () => Promise<unknown> },
  response: ServerResponse,
): Promise<StepsResult> {
  const { keepConfirmed } = known;
  await keepConfirmed();
  const { context, data } = read;
  if (route.kind === "query") {
    return { reply: route.answer({ ...context, data }), changed: false, follow: null };
  }
  if (route.kind === "action") {
    return { reply: await route.perform({ ...context, data }), changed: false, follow: null };
  }
  const committed = await prepareAndCommit(route, read, known).catch(async (error: unknown) => {
    await undoPrepared(route, { ...context, deps: known.deps });
    throw error;
  });
  const { decided, version, follows } = committed;
  setLimitHeaders(response, decided.limit ?? null);
  return {
    reply: typeof decided.reply === "function" ? decided.reply(version) : decided.reply,
    changed: changes(decided),
    // It runs whether or not the client is still there, so it gets the deps that don't give up.
    follow: follows ? () => followCommit(route, { ...context, deps: known.deps }, committed) : null,
  };
}

async function prepareAndCommit(
  route: ChangeRoute,
  { context, data, ...read }: ReadRequest,
  known: Working & { readonly keepConfirmed: () => Promise<unknown> },
) {
  const prepared = await prepareData(route, { ...context, data });
  await known.keepConfirmed();
  return await commitChange(route, { ...read, context, data: prepared }, known);
}

/** Looks the caller up again if that was too long ago, as it may be after a slow body. */
function confirming(known: Working): () => Promise<Callers[Authentication]> {
  let { confirmed, beganAt } = known;
  return () => {
    const now = performance.now();
    if (now - beganAt <= known.freshMs) return confirmed;
    beganAt = now;
    confirmed = known.reconfirm();
    // It is awaited before the answer. Failing earlier, it mustn't end the process.
    confirmed.catch(() => {});
    return confirmed;
  };
}

/** Only a read may start before the key is confirmed, and only where the route says so. */
function canStartEarly(route: Route, caller: Callers[Authentication]): boolean {
  return (route.kind === "query" || route.beforeConfirmed === "reads") && hasScope(route, caller);
}

function hasScope(route: Route, caller: Callers[Authentication]): boolean {
  if (route.scope === "none" || caller.type !== "key" || !("key" in caller)) return true;
  return allows(caller.key.scopes, route.scope);
}

function requireScope(route: Route, caller: Callers[Authentication]): void {
  if (!hasScope(route, caller)) throw lacksScope(route.scope);
}

/** Whatever a key is refused for want of a right, in any step, is on the owner's record (AUD-1). */
function recordIfRefused(error: unknown, { recordRefusal }: Authenticated): void {
  if (!(error instanceof ApiError)) return;
  const reason = rightsReasons.find((each) => each === error.authentication?.reason);
  if (reason) recordRefusal(reason);
}
