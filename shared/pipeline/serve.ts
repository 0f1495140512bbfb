/**
 * A function's server: it checks headers, request id, route and credential, and passes what is left
 * to the functions framework. The framework's own parsers would read a forged key's gigabyte before
 * any handler runs; they leave a body alone if the headers that announce it are hidden.
 */
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import findMyWay, { type HTTPMethod } from "find-my-way";
import { config, deploymentLimits, peppers } from "../config.ts";
import { Fault } from "../core/fault.ts";
import { ApiError } from "../errors/api-error.ts";
import { methodNotAllowed } from "../errors/method-not-allowed.ts";
import { allowHeader, routedMethod } from "../http/methods.ts";
import { UnsentAnswers } from "../limits/unsent-answers.ts";
import { depsWithoutStore } from "./deps-without-store.ts";
import { createFunctionServer } from "./function-server.ts";
import { checkCredential } from "./gates.ts";
import { LimitGate } from "./limit-gate.ts";
import { checkBodyHead } from "./parse.ts";
import { logFailure, logRequest, type RequestRecord } from "./request-log.ts";
import { publicOnly, type RequestSecurity } from "./request-security.ts";
import { asRefusal, prepare, sendError } from "./respond.ts";
import type { Deps, Route } from "./route.ts";
import { type MatchedRequest, runRoute } from "./run-route.ts";
import type { Service } from "./service.ts";
import { cutOffStalled } from "./stalled-reader.ts";

/** How long open requests may take to finish after a stop. */
const drainMs = 8_000;

type Router = ReturnType<typeof routerOf>;
const matchedRequests = new WeakMap<IncomingMessage, MatchedRequest>();

/** The router needs a handler per route; ours keeps the route itself in the route's store. */
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
 * @param host the build passes one to services that have a role; it loads the database's client.
 */
export function serve(service: Service, host: () => FunctionHost = publicHost): void {
  listen(service, host).catch((cause) => {
    // Logged here, because Node would print the failing line of an uncaught error, which is the
    // whole bundle.
    logFailure(`${service.name} can't start`, cause);
    process.exit(1);
  });
}

function publicHost(): FunctionHost {
  return { deps: depsWithoutStore, security: publicOnly };
}

async function listen(service: Service, host: () => FunctionHost): Promise<void> {
  const { deps, security } = host();
  const { PORT, PADDOCK_BIND } = config();
  const elapsed = () => performance.now();
  // If peppers or limits can't be read, the start fails, since nothing works without them.
  if (service.routes.some(({ authenticate }) => authenticate === "api-key")) peppers();
  const limits = new LimitGate(deploymentLimits(), elapsed);
  const unsent = new UnsentAnswers();
  tellOfCrashes(service.name);
  http(service.name, async (request: IncomingMessage, response: ServerResponse) => {
    const matched = matchedRequests.get(request);
    if (!matched) throw new Fault("a request that passed no gate");
    const { record } = matched;
    const fail = (error: unknown) => refuse(error, { response, record });
    answerForDomain(fail);
    try {
      await runRoute(matched, { request, response }, { deps, security, limits, unsent });
    } catch (error) {
      fail(error);
    }
  });
  const framework = getTestServer(service.name);
  const router = routerOf(service.routes);
  const server = createFunctionServer((request, response, expected) => {
    if (!admit(router, request, response)) return;
    expected();
    framework.emit("request", request, response);
  });
  process.once("SIGTERM", () => stop(server));
  await once(server.listen(PORT, PADDOCK_BIND), "listening");
}

/**
 * The framework runs each request in a domain. It answers and logs the message of whatever is
 * thrown there outside of our promises, values included. Here it is answered like any other
 * failure.
 */
function answerForDomain(fail: (error: unknown) => void): void {
  const domain: unknown = Reflect.get(process, "domain");
  if (!(domain instanceof EventEmitter)) return;
  domain.removeAllListeners("error");
  domain.on("error", fail);
}

/** For an uncaught error, Node would print the message and the bundle's line with it. */
function tellOfCrashes(name: string): void {
  process.on("uncaughtException", (cause) => {
    logFailure(`${name} ends: an error that nobody caught`, cause);
    process.exit(1);
  });
}

function stop(server: Server): void {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), drainMs).unref();
}

/** The gates before the body; nothing here costs a read. */
function admit(router: Router, request: IncomingMessage, response: ServerResponse): boolean {
  const startedAt = performance.now();
  const requestId = `req_${randomUUID()}`;
  prepare(response, requestId);
  cutOffStalled(response, deploymentLimits().fairness.stalledMsMax);
  const record: RequestRecord = {
    requestId,
    method: request.method ?? "",
    route: "unknown",
    address: String(request.headers["x-forwarded-for"] ?? request.socket.remoteAddress ?? ""),
    userAgent: (request.headers["user-agent"] ?? "").slice(0, 500),
    callerId: null,
    ownerId: null,
    error: null,
  };
  let logged = record;
  response.once("close", () => logRequest(logged, response, startedAt));
  try {
    request.url = originForm(request.url ?? "/");
    const [path = "/", ...query] = request.url.split("?");
    const found = match(router, request.method ?? "", path);
    requireDecodable(query.join("?"));
    logged = { ...record, route: found.route.answers };
    const credential = checkCredential(found.route.authenticate, request);
    checkBodyHead(request, found.route);
    const { "content-type": contentType } = request.headers;
    matchedRequests.set(request, {
      ...found,
      query: new URLSearchParams(query.join("?")),
      credential,
      record: logged,
      contentType,
    });
    delete request.headers["content-length"];
    delete request.headers["transfer-encoding"];
    return true;
  } catch (error) {
    refuse(error, { response, record: logged });
    return false;
  }
}

/** The host in an absolute target has done its work once the request is here (RFC 9112, 3.2.2). */
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
  if (allowed.length === 0) throw new ApiError("NOT_FOUND", { message: "There is no such route." });
  throw methodNotAllowed(allowHeader(allowed));
}

/** Bytes that aren't UTF-8 would silently turn into other characters. */
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
