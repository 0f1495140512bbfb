/**
 * Runs a function's process: it listens on `PORT`, as Cloud Run requires, and ends on SIGTERM. Each
 * request gets an id and the common headers, then its route and credential are checked. Only a
 * request that passes is run, and only then may its body be read (ADR 35).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import findMyWay, { type HTTPMethod } from "find-my-way";
import { config, deploymentLimits, peppers } from "../config.ts";
import { ApiError } from "../errors/api-error.ts";
import { methodNotAllowed } from "../errors/method-not-allowed.ts";
import { noSuchRoute } from "../errors/no-such-route.ts";
import { isAbandonedAttempt } from "../google/is-abandoned-attempt.ts";
import { allowHeader, routedMethod } from "../http/methods.ts";
import { onceClosed } from "../http/once-closed.ts";
import { UnreadBytes } from "../limits/unread-bytes.ts";
import { SentByteCounter } from "../quotas/sent-byte-counter.ts";
import { awaitEgress } from "./await-egress.ts";
import { checkCredential } from "./credential.ts";
import { depsWithoutStore } from "./deps-without-store.ts";
import { createFunctionServer } from "./function-server.ts";
import { LimitGate } from "./limit-gate.ts";
import { checkBodyHead } from "./parse.ts";
import type { MatchedRequest } from "./parse-and-read.ts";
import { clientAddress, userAgentOf } from "./request-facts.ts";
import { logFailure, logRequest, type RequestRecord } from "./request-log.ts";
import { publicOnly, type RequestSecurity } from "./request-security.ts";
import { asRefusal, sendError, setCommonHeaders } from "./respond.ts";
import type { Deps, Route } from "./route.ts";
import { runRoute } from "./run-route.ts";
import type { Service } from "./service.ts";
import { cutOffStalled } from "./stalled-reader.ts";

/** How long open requests may take to finish after a stop. */
const drainMs = 8_000;

type Router = ReturnType<typeof routerOf>;

/** The request during which something was begun, which may outlive it, such as a connection. */
interface Origin {
  readonly response: ServerResponse;
  /** Answers the request with the refusal for an error, and has it give up its place. */
  readonly breakOff: (error: unknown) => void;
}
const origins = new AsyncLocalStorage<Origin>();

/** The router demands a handler per route. We only look up the route, which is in its store. */
function unused(): void {}

function routerOf(routes: readonly Route[]) {
  const router = findMyWay({
    caseSensitive: true,
    ignoreTrailingSlash: false,
    maxParamLength: 2_048,
  });
  for (const route of routes) {
    for (const path of route.paths) router.on(route.method as HTTPMethod, path, unused, route);
  }
  return router;
}

/** What a function runs on, besides its routes. */
interface FunctionHost {
  readonly deps: Deps;
  /** Identifies callers and records what they change. */
  readonly security: RequestSecurity;
}

/**
 * Serves `service` on the environment's port; on SIGTERM it ends once open requests are done.
 * @param host The build passes another one, with a database, to services that have a role.
 */
export function serve(service: Service, host: () => FunctionHost = publicHost): void {
  listen(service, host).catch((cause) => {
    // Node would print the line of an uncaught error, and a bundle has only one.
    logFailure(`${service.name} can't start`, cause);
    process.exit(1);
  });
}

function publicHost(): FunctionHost {
  return { deps: depsWithoutStore, security: publicOnly };
}

async function listen(service: Service, host: () => FunctionHost): Promise<void> {
  const { deps, security } = host();
  const { PORT, PADDOCK_AWAIT_EGRESS, PADDOCK_BIND } = config();
  const elapsed = () => performance.now();
  // Nothing works without peppers and limits; a process that can't read them doesn't start.
  if (service.routes.some(({ authenticate }) => authenticate === "api-key")) peppers();
  const limits = new LimitGate(deploymentLimits(), elapsed);
  const sentBytes = new SentByteCounter(() => deps.store, {
    bytesMax: deploymentLimits().quotas.downloadedBytesPerDayMax,
    now: deps.now,
    onFailure: (cause) => logFailure(`${service.name} couldn't count what it sent`, cause),
  });
  const unread = new UnreadBytes((ownerId) => sentBytes.requireRoom(ownerId));
  takeUncaught(service.name);
  const router = routerOf(service.routes);
  const known = { deps, security, limits, unread, sentBytes };
  const server = createFunctionServer((request, response, expected) => {
    const matched = admit(router, request, response);
    if (!matched) return;
    expected();
    const { record } = matched;
    const { promise: brokenOff, resolve } = Promise.withResolvers<void>();
    const fail = (error: unknown) => refuse(error, { response, record });
    const breakOff = (error: unknown) => {
      resolve();
      fail(error);
    };
    origins.run({ response, breakOff }, () => {
      runRoute(matched, { request, response, brokenOff }, known).catch(fail);
    });
  });
  process.once("SIGTERM", () => stop(server));
  await awaitEgress(PADDOCK_AWAIT_EGRESS);
  await once(server.listen(PORT, PADDOCK_BIND), "listening");
}

/**
 * An error that a request's callback throws outside of our promises is answered like any other
 * failure of that request, while the request is open. All other uncaught errors end the process,
 * also those of what an earlier request began, such as a connection that all requests share. They
 * are logged in a line of our own, since Node's would contain the error's message and the bundle's
 * only line.
 */
function takeUncaught(name: string): void {
  process.on("uncaughtException", (cause, origin) => {
    if (isAbandonedAttempt(cause)) return logFailure(`${name} got an answer late`, cause);
    const begunBy = origins.getStore();
    const isOpen = begunBy !== undefined && !begunBy.response.closed;
    if (isOpen && origin === "uncaughtException") return begunBy.breakOff(cause);
    logFailure(`${name} ends: an error that nobody caught`, cause);
    process.exit(1);
  });
}

function stop(server: Server): void {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), drainMs).unref();
}

/** Passes a request through the gates before its body, none of which reads. Null if one refused. */
function admit(
  router: Router,
  request: IncomingMessage,
  response: ServerResponse,
): MatchedRequest | null {
  const startedAt = performance.now();
  const requestId = `req_${randomUUID()}`;
  setCommonHeaders(response, requestId);
  cutOffStalled(response, deploymentLimits().fairness.stalledMsMax);
  const record: RequestRecord = {
    requestId,
    method: request.method ?? "",
    route: "unknown",
    address: clientAddress(request),
    userAgent: userAgentOf(request),
    callerId: null,
    ownerId: null,
    error: null,
  };
  let logged = record;
  onceClosed(response, () => logRequest(logged, response, startedAt));
  try {
    request.url = originForm(request.url ?? "/");
    const [path = "/", ...query] = request.url.split("?");
    const found = match(router, request.method ?? "", path);
    requireDecodable(query.join("?"));
    logged = { ...record, route: found.route.endpoint };
    const credential = checkCredential(found.route.authenticate, request);
    checkBodyHead(request, found.route);
    const { "content-type": contentType } = request.headers;
    const parameters = new URLSearchParams(query.join("?"));
    return { ...found, query: parameters, credential, record: logged, contentType };
  } catch (error) {
    refuse(error, { response, record: logged });
    return null;
  }
}

/** The path and query. A target may be a whole URL, with a host for proxies (RFC 9112, 3.2.2). */
function originForm(url: string): string {
  const [absolute] = /^https?:\/\/[^/?#]*/i.exec(url) ?? [];
  if (absolute === undefined) return url;
  const rest = url.slice(absolute.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function match(router: Router, method: string, path: string) {
  const found = findOrRefuse(router, routedMethod(method), path);
  if (found) return { route: found.store as Route, params: found.params };
  const allowed = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((other) =>
    findOrRefuse(router, other, path),
  );
  if (allowed.length === 0) throw noSuchRoute();
  throw methodNotAllowed(allowHeader(allowed));
}

/** Refuses bytes that aren't UTF-8, which would silently turn into other characters. */
function requireDecodable(query: string): void {
  try {
    decodeURIComponent(query);
  } catch {
    const message = "The URL's query isn't validly percent-encoded.";
    throw new ApiError("MALFORMED_URL", { message });
  }
}

function findOrRefuse(router: Router, method: string, path: string) {
  try {
    decodeURIComponent(path);
    return router.find(method as HTTPMethod, path);
  } catch {
    throw new ApiError("MALFORMED_URL");
  }
}

function refuse(
  error: unknown,
  context: { readonly response: ServerResponse; readonly record: RequestRecord },
): void {
  const refusal = asRefusal(error);
  context.record.error = refusal;
  sendError(context.response, refusal);
}
