/** Refuses headers that a client relies on when the route would ignore them. */
import { ApiError } from "../errors/api-error.ts";
import { judgePreconditions } from "../http/preconditions.ts";
import type { RequestFacts, Route } from "./route.ts";

/** A client that sends an Idempotency-Key relies on it; ignoring it could do the work twice. */
export function refuseVainKey(
  { reply, idempotency }: Route,
  { idempotencyKey }: RequestFacts,
): void {
  if (idempotencyKey === null || idempotency === "honoured" || !(201 in reply)) return;
  const message = "isn't honoured by this route: send the request without it";
  const details = [{ field: "Idempotency-Key", message }];
  throw new ApiError("VALIDATION_FAILED", { message: `Idempotency-Key ${message}.`, details });
}

/**
 * A client that sends `If-Match` or `If-None-Match: *` with a change relies on it. Something
 * without an entity tag matches neither (RFC 9110, 13.1), so the change isn't made.
 */
export function refuseVainPreconditions(
  route: Route,
  { method, preconditions }: RequestFacts,
): void {
  if (route.method === "GET" || route.preconditions === "honoured") return;
  if (judgePreconditions(method, preconditions, { etag: null }) === "none") return;
  const message =
    "This route compares no entity tags: send the request without If-Match and If-None-Match.";
  throw new ApiError("PRECONDITION_FAILED", { message });
}
