/** What steps may know of a request besides its caller, its path and its body. */
import type { IncomingMessage } from "node:http";
import { config } from "../config.ts";
import { withoutKeys } from "../core/keys/api-key.ts";
import { ApiError } from "../errors/api-error.ts";
import { type Preconditions, preconditionsOf } from "../http/preconditions.ts";

export interface RequestFacts {
  readonly id: string;
  readonly address: string;
  readonly userAgent: string;
  /** Headers are null if there are none; `accept` is empty. */
  readonly idempotencyKey: string | null;
  /** GET, HEAD and so on; routes of GET also receive HEAD. */
  readonly method: string;
  readonly preconditions: Preconditions;
  readonly accept: string;
  readonly lastEventId: string | null;
}

const idempotencyKeyForm = /^[\x21-\x7e]{1,255}$/;

/** The facts of a request that handlers may use. @throws {ApiError} for a malformed header. */
export function requestFacts(request: IncomingMessage, id: string): RequestFacts {
  const key = request.headers["idempotency-key"] ?? null;
  if (key !== null && (typeof key !== "string" || !idempotencyKeyForm.test(key))) {
    const message = "must have 1 to 255 printable ASCII characters, and no blanks";
    const details = [{ field: "Idempotency-Key", message }];
    throw new ApiError("VALIDATION_FAILED", { message: `Idempotency-Key ${message}.`, details });
  }
  return {
    id,
    address: clientAddress(request),
    userAgent: userAgentOf(request),
    idempotencyKey: key,
    method: request.method ?? "",
    preconditions: preconditionsOf(request.headers),
    accept: request.headers.accept ?? "",
    lastEventId: request.headers["last-event-id"]?.toString() ?? null,
  };
}

/** What the client says it is. A key that somebody sends there by mistake isn't recorded. */
export function userAgentOf(request: IncomingMessage): string {
  return withoutKeys(request.headers["user-agent"] ?? "").slice(0, 500);
}

/**
 * The client's address as the load balancer saw it. The balancer appends "client, balancer" to
 * whatever the client sent, so only entries counted from the end can be trusted.
 */
export function clientAddress(request: IncomingMessage): string {
  const forwarded = String(request.headers["x-forwarded-for"] ?? "").split(",");
  const entry = forwarded.at(-1 - config().PADDOCK_TRUSTED_HOPS)?.trim();
  return entry || (request.socket.remoteAddress ?? "unknown");
}
