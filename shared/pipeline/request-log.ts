/**
 * Writes one JSON line per request to stdout, which Cloud Logging stores as it is (AUD-1, AUD-2):
 * when it is answered or its client is gone. `code` and `reason` say why it was refused.
 */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { describeWithStack } from "../core/describe-error.ts";
import type { ApiError } from "../errors/api-error.ts";
import { originalStack } from "./original-stack.ts";
import type { RawRefusal } from "./raw-refusal.ts";

const causeLengthMax = 4_000;

export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern. A path may contain secrets, so it isn't logged. */
  readonly route: string;
  /** As the load balancer saw it: nothing that the client wrote. */
  readonly address: string;
  readonly userAgent: string;
  callerId: string | null;
  ownerId: string | null;
  error: ApiError | null;
}

export function logRequest(
  record: RequestRecord,
  response: ServerResponse,
  startedAt: number,
): void {
  const { error, ...facts } = record;
  const status = response.statusCode;
  const refused = error?.authentication ?? null;
  const line = {
    severity: isOurFault(status) ? "ERROR" : "INFO",
    message: `${facts.route === "unknown" ? facts.method : facts.route} ${status}`,
    ...facts,
    callerId: facts.callerId ?? refused?.callerId ?? null,
    ownerId: facts.ownerId ?? refused?.ownerId ?? null,
    authentication: authenticationOf(record),
    ...(refused ? { reason: refused.reason } : {}),
    status,
    latencyMs: Math.round(performance.now() - startedAt),
    ...(error ? { code: error.code, cause: describe(error.cause) } : {}),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** A client that asks for what isn't offered (501) makes its own mistake. */
function isOurFault(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** Logs a request that Node couldn't parse. Its sender is known only as far as the balancer. */
export function logUnparsed({ requestId, error }: RawRefusal, socket: Duplex): void {
  const address = "remoteAddress" in socket ? String(socket.remoteAddress) : "unknown";
  const { status, code } = error;
  const facts = { requestId, route: "unknown", address, authentication: "none", status, code };
  const line = { severity: "INFO", message: `unparsed request ${status}`, ...facts };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** `none` if the request never came to that: no such route, or one that needs no credential. */
function authenticationOf({ error, callerId }: RequestRecord): "accepted" | "refused" | "none" {
  if (error?.authentication) return "refused";
  return callerId === null || callerId === "public" ? "none" : "accepted";
}

export function logFailure(message: string, cause: unknown, facts: object = {}): void {
  const line = { severity: "ERROR", message, ...facts, cause: describe(cause) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Logs a broken invariant that a person must look at; an alert policy matches `name`. */
export function logViolation(name: `${string}_violation`, facts: object): void {
  const line = { severity: "CRITICAL", message: name, alarm: true, ...facts };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** A string is our own text. An error's message is logged only if we wrote it (SEC-8). */
function describe(cause: unknown): string | undefined {
  if (cause === undefined || typeof cause === "string") return cause;
  return originalStack(describeWithStack(cause).slice(0, causeLengthMax));
}
