/**
 * Writes one JSON line per request to stdout, which Cloud Logging stores as it is (AUD-1, AUD-2).
 */
import type { ServerResponse } from "node:http";
import { describeWithStack } from "../core/describe-error.ts";
import type { ApiError } from "../errors/api-error.ts";
import { originalStack } from "./original-stack.ts";

const causeLengthMax = 4_000;

export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern. A path may contain secrets, so it isn't logged. */
  readonly route: string;
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
  const line = {
    severity: status >= 500 ? "ERROR" : "INFO",
    message: `${facts.route === "unknown" ? facts.method : facts.route} ${status}`,
    ...facts,
    status,
    latencyMs: Math.round(performance.now() - startedAt),
    ...(error ? { code: error.code, cause: describe(error.cause) } : {}),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
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
