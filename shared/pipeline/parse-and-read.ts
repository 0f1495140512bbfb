/** Parses a request that has passed the gates, and reads what its route decides on. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { assert } from "../core/assert.ts";
import { derivedId, type RepeatableKind } from "../core/ids.ts";
import { onceClosed } from "../http/once-closed.ts";
import { requireFurtherScopes } from "../keys/further-scopes.ts";
import { changedNumberSentence } from "./changed-numbers.ts";
import type { Credential } from "./credential.ts";
import { depsForClient } from "./deps-for-client.ts";
import { addWarning, ignoredBody, ignoredSentence, isWarned } from "./ignored-fields.ts";
import { parseParams, parseQuery, readJson, requireFraming } from "./parse.ts";
import { RepeatableIds } from "./repeatable-ids.ts";
import { requestFacts } from "./request-facts.ts";
import type { RequestRecord } from "./request-log.ts";
import type { AnyContext, Authentication, Callers, Deps, Route } from "./route.ts";
import { refuseVainKey, refuseVainPreconditions } from "./vain-headers.ts";

/** A request whose route was found and whose credential may be valid. */
export interface MatchedRequest {
  readonly route: Route;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly credential: Credential;
  readonly record: RequestRecord;
  readonly contentType: string | undefined;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /**
   * Resolves if it was answered with an error that a callback threw outside of our promises, which
   * may leave the request's steps waiting for ever.
   */
  readonly brokenOff: Promise<void>;
}

/** A request whose own documents have been read. */
export interface ReadRequest {
  readonly context: AnyContext;
  readonly ids: RepeatableIds;
  readonly data: unknown;
}

/** Whether the route decides on the owner's account. */
export function takesAccount(route: Route): boolean {
  return route.kind === "change" && route.account !== "none" && route.account !== "closing";
}

/**
 * Parses the request and runs the route's `read`; for a change that decides on the owner's account,
 * the account is fetched meanwhile. It can't write, because it may run before the caller's key is
 * confirmed.
 */
export async function parseAndRead(
  matched: MatchedRequest,
  caller: Callers[Authentication],
  exchange: Exchange,
  deps: Deps,
): Promise<ReadRequest> {
  const { route } = matched;
  const { request, response } = exchange;
  if (takesAccount(route) && "owner" in caller) deps.commits.prefetchAccount(caller.owner);
  const gone = new AbortController();
  // There is no abort after a complete answer, because each creates an error with a stack.
  onceClosed(response, () => {
    if (!response.writableFinished) gone.abort();
  });
  const ids = new RepeatableIds(deps.newId, (kind) => idOfRequest(route, context, kind));
  const facts = requestFacts(request, matched.record.requestId);
  refuseVainKey(route, facts);
  refuseVainPreconditions(route, facts);
  const context: AnyContext = {
    caller,
    params: parseParams(route.params, matched.params),
    query: takeQuery(matched, response),
    body: await takeBody(matched, exchange),
    raw: request,
    request: facts,
    now: deps.now(),
    ids,
    deps: depsForClient(deps, gone.signal),
    repeated: false,
    signal: gone.signal,
  };
  if ("key" in caller) requireFurtherScopes(route.needsToo, caller.key, context.body);
  return { context, ids, data: await readData(route, context) };
}

function takeQuery({ route, query }: MatchedRequest, response: ServerResponse): unknown {
  const taken = parseQuery(route.query, query);
  if (isWarned(route)) {
    addWarning(response, ignoredSentence(route.query, Object.fromEntries(query), "parameter"));
  }
  return taken;
}

/** Null if the route takes no JSON. */
async function takeBody(
  { route, contentType }: MatchedRequest,
  { request, response }: Exchange,
): Promise<unknown> {
  const { body, bodyBytesMax: bytesMax } = route;
  if (body === "none" && isWarned(route))
    addWarning(response, ignoredBody(requireFraming(request)));
  if (typeof body === "string") return null;
  return await readJson(request, body, {
    bytesMax,
    contentType,
    // A runner reports a program's output, whatever it contains.
    nul: route.authenticate === "execution" ? "kept" : "refused",
    taken: (sent, json) => {
      if (!isWarned(route)) return;
      addWarning(response, ignoredSentence(body, sent, "field"));
      addWarning(response, changedNumberSentence(json));
    },
  });
}

/** What the route's `read` returns; null if it reads nothing. */
export async function readData(route: Route, context: AnyContext): Promise<unknown> {
  return route.read === "nothing" ? null : await route.read(context);
}

/** @see Ids.ofRequest */
function idOfRequest(route: Route, context: AnyContext, kind: RepeatableKind): string | null {
  const { idempotencyKey } = context.request;
  assert(route.kind === "change" && route.idempotency, "only what honours a key makes ids of it");
  if (idempotencyKey === null) return null;
  return derivedId(kind, ...route.idempotency.space(context), idempotencyKey);
}
