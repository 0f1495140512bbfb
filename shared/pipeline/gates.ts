/** The first gate: the credential, as far as it can be judged before anything is read. */
import type { IncomingMessage } from "node:http";
import { config, peppers } from "../config.ts";
import { checkKey, type Mode } from "../core/keys/api-key.ts";
import { ApiError } from "../errors/api-error.ts";
import { preconditionsOf } from "../http/preconditions.ts";
import type { Authentication, RequestFacts } from "./route.ts";

/** RFC 9110, 11.4, allows more than one blank. */
const bearer = /^bearer +([^\s]{1,4096})$/i;
const idempotencyKeyForm = /^[\x21-\x7e]{1,255}$/;

function credentialOf(request: IncomingMessage): string | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearer.exec(authorization)?.[1] ?? null;
  const alias = request.headers["x-api-key"];
  return typeof alias === "string" ? alias : null;
}

export type Credential =
  | { readonly type: "nothing" }
  | { readonly type: "key"; readonly key: string; readonly mode: Mode }
  | { readonly type: "token"; readonly token: string };

/**
 * The caller's credential, as far as it can be judged without a read. A missing credential, or a
 * key that was never issued, is refused here (KEY-3).
 */
export function checkCredential(
  authentication: Authentication,
  request: IncomingMessage,
): Credential {
  if (authentication === "public") return { type: "nothing" };
  const shown = credentialOf(request);
  if (shown === null) throw new ApiError("UNAUTHORIZED", { cause: "no credential" });
  if (authentication !== "api-key") return { type: "token", token: shown };
  const mode = checkKey(shown, Object.values(peppers().keys));
  if (!mode) throw new ApiError("UNAUTHORIZED", { cause: "a key that was never issued" });
  if (mode === "development" && config().PADDOCK_DEVELOPMENT_KEYS === "refused") {
    throw new ApiError("UNAUTHORIZED", { message: "This deployment refuses development keys." });
  }
  return { type: "key", key: shown, mode };
}

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
    userAgent: (request.headers["user-agent"] ?? "").slice(0, 500),
    idempotencyKey: key,
    method: request.method ?? "",
    preconditions: preconditionsOf(request.headers),
    lastEventId: request.headers["last-event-id"]?.toString() ?? null,
  };
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
