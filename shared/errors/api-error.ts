import { STATUS_CODES } from "node:http";
import { catalogue, type ErrorCode } from "./catalogue.ts";

interface ApiErrorOptions {
  /** Replaces the catalogue's message; public. */
  readonly message?: string;
  /** Public: an object, or a list of `{ field, message }`. */
  readonly details?: unknown;
  /** Public fields next to `error`, `message` and `code`. */
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Logged, never sent to the client. */
  readonly cause?: unknown;
  /** Logged, if the caller's credential was refused. */
  readonly authentication?: RefusedAuthentication;
}

/** Why a credential was refused, and whose it was if that is known. */
export interface RefusedAuthentication {
  /** One of our own words, such as `revoked`. */
  readonly reason: string;
  readonly callerId?: string;
  readonly ownerId?: string;
}

/** What isn't available is asked for again after this, unless the refusal knows better. */
const unavailableRetryAfterS = "5";

/** A refusal: clients see everything but `cause` and `authentication`, which are logged. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: unknown;
  readonly extras: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly authentication: RefusedAuthentication | null;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    const message = options.message ?? sentenceOf(code, options.details);
    super(message ?? catalogue[code].message, { cause: options.cause });
    this.code = code;
    this.status = catalogue[code].status;
    this.details = options.details;
    this.extras = options.extras ?? {};
    const usual = this.status === 503 ? { "retry-after": unavailableRetryAfterS } : {};
    this.headers = { ...usual, ...options.headers };
    this.authentication = options.authentication ?? null;
  }
}

/** What the first refused field is told; null if no field is named. */
function sentenceOf(code: ErrorCode, details: unknown): string | null {
  if (code !== "VALIDATION_FAILED" || !Array.isArray(details)) return null;
  const [first]: unknown[] = details;
  if (typeof first !== "object" || first === null) return null;
  if (!("field" in first) || !("message" in first)) return null;
  return `The field ${String(first.field)} ${String(first.message)}.`;
}

/** The flat body that clients of the API parse: `error` is the status phrase, always a string. */
export function errorBody(error: ApiError, requestId: string): Record<string, unknown> {
  return {
    error: STATUS_CODES[error.status] ?? "Error",
    message: error.message,
    code: error.code,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...error.extras,
    requestId,
  };
}
