/**
 * Determines the host that a request asks for from its target and headers; ambiguity is refused.
 */
import type { IncomingMessage } from "node:http";
import { parseHost } from "#shared/core/network/network-policy";
import { framingOf, valuesOf } from "#shared/http/framing";
import type { RequestedHost } from "./refusal.ts";
import { EgressRefusal } from "./refusal.ts";

export interface Target extends RequestedHost {
  /** The request for the server: a path and its query. */
  readonly path: string;
}

const authorityForm = /^(\[[0-9A-Fa-f:.]+\]|[^\s:@/?#[\]]+):(\d{1,5})$/;
const hostForm = /^(\[[0-9A-Fa-f:.]+\]|[^\s:@/?#[\]]+)(?::(\d{1,5}))?$/;
const absoluteForm = /^http:\/\/([^\s/?#@]+)([/?][^\s#]*)?$/i;
const originForm = /^\/[^\s#]*$/;
const httpPort = 80;

/**
 * The target of CONNECT, `host:port`. @throws {EgressRefusal} Also if Host names another one.
 */
export function connectTarget(request: IncomingMessage): RequestedHost {
  const [, host, port] = authorityForm.exec(request.url ?? "") ?? [];
  if (host === undefined || port === undefined) throw new EgressRefusal("malformed_request");
  if (isFramed(request) || Number(port) > portMax) throw new EgressRefusal("malformed_request");
  const asked = { host, port: Number(port) };
  const given = hostHeader(request);
  if (given !== null && !namesSame(given, asked, asked.port))
    throw new EgressRefusal("host_mismatch");
  return asked;
}

/**
 * The target of a plain proxy request, `http://host/path`.
 * @throws {EgressRefusal} If Host differs.
 */
export function absoluteTarget(request: IncomingMessage): Target {
  const [, authority = "", rest = "/"] = absoluteForm.exec(request.url ?? "") ?? [];
  const asked = split(authority);
  if (asked === null) throw new EgressRefusal("malformed_request");
  requireHost(request, asked);
  return { ...asked, path: rest.startsWith("/") ? rest : `/${rest}` };
}

/**
 * The target of a plain request inside a tunnel to `asked`.
 * @throws {EgressRefusal} If Host differs.
 */
export function tunnelledTarget(request: IncomingMessage, asked: RequestedHost): Target {
  const path = request.url ?? "";
  if (!originForm.test(path)) throw new EgressRefusal("malformed_request");
  requireHost(request, asked);
  return { ...asked, path };
}

/** The target of an unreadable request, as far as a log can tell it. */
export function roughly(request: IncomingMessage): RequestedHost {
  const text = (request.url ?? "").replace(/^http:\/\//i, "");
  return { host: text.replace(/[^\w.:[\]-].*/s, "").slice(0, 260), port: 0 };
}

/** The log can't record a higher port, so it can't be asked for. */
const portMax = 65_535;
const versions = ["1.0", "1.1"];

function requireHost(request: IncomingMessage, asked: RequestedHost): void {
  if (!versions.includes(request.httpVersion)) throw new EgressRefusal("malformed_request");
  try {
    framingOf(request);
  } catch {
    throw new EgressRefusal("malformed_request");
  }
  const given = hostHeader(request);
  if (given === null || !namesSame(given, asked, httpPort))
    throw new EgressRefusal("host_mismatch");
}

/** @throws {EgressRefusal} If there are several, because each side might believe another one. */
function hostHeader(request: IncomingMessage): string | null {
  const given = valuesOf(request.rawHeaders, "host");
  if (given.length > 1) throw new EgressRefusal("malformed_request");
  return given[0] ?? null;
}

function namesSame(given: string, asked: RequestedHost, portDefault: number): boolean {
  const host = split(given, portDefault);
  if (host === null || host.port !== asked.port) return false;
  const [one, other] = [parseHost(host.host), parseHost(asked.host)];
  return one !== null && one.name === other?.name;
}

function split(authority: string, portDefault = httpPort): RequestedHost | null {
  const [, host, port] = hostForm.exec(authority) ?? [];
  if (host === undefined || Number(port ?? 0) > portMax) return null;
  return { host, port: port === undefined ? portDefault : Number(port) };
}

function isFramed(request: IncomingMessage): boolean {
  const names = ["content-length", "transfer-encoding"];
  return names.some((name) => valuesOf(request.rawHeaders, name).length > 0);
}
