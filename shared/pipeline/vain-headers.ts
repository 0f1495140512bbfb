/** Refuses headers that a client relies on when the route would ignore them. */
import { ApiError } from "../errors/api-error.ts";
import { judgePreconditions } from "../http/preconditions.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Route } from "./route.ts";

/** Refuses an Idempotency-Key that the route would ignore: its client could do the work twice. */
export function refuseVainKey(route: Route, { idempotencyKey }: RequestFacts): void {
  const isHonoured = route.kind === "change" && route.idempotency !== undefined;
  if (idempotencyKey === null || isHonoured || !(201 in route.reply)) return;
  const message = "isn't honoured by this route: send the request without it";
  const details = [{ field: "Idempotency-Key", message }];
  throw new ApiError("VALIDATION_FAILED", { message: `Idempotency-Key ${message}.`, details });
}

/**
 * Refuses `If-Match` and `If-None-Match: *` on a change that compares no entity tags. The client
 * relies on them, and a thing without an entity tag matches neither (RFC 9110, 13.1).
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
