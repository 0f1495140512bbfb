/** Refuses headers that a client relies on when the route would ignore them. */
import { ApiError } from "../errors/api-error.ts";
import { judgePreconditions } from "../http/preconditions.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Authentication, Route } from "./route.ts";

/** Our own callers. Their protocols say what is repeated; calls of models honour the header. */
const ours: readonly Authentication[] = ["runner", "execution", "scheduler", "model"];
/** Methods that repeat harmlessly by their meaning (RFC 9110, 9.2.2), as ours of PATCH do. */
const setting: readonly string[] = ["GET", "PUT", "PATCH", "DELETE"];

/**
 * What a route makes of an Idempotency-Key, by what it does: it finds what the key's first request
 * did, it has nothing that could be done twice, or it would do it twice. A POST that changes
 * something is of the last kind unless it says otherwise, and so is all that holds money.
 */
export function useOfKey(route: Route): "honoured" | "ignored" | "refused" {
  if (route.kind === "change" && route.idempotency !== undefined) return "honoured";
  if (route.kind === "change" && route.account === "hold") return "refused";
  if (route.kind === "query" || ours.includes(route.authenticate)) return "ignored";
  return setting.includes(route.method) || route.repeating === "harmless" ? "ignored" : "refused";
}

/** Refuses an Idempotency-Key that the route would ignore: its client could do the work twice. */
export function refuseVainKey(route: Route, { idempotencyKey }: RequestFacts): void {
  if (idempotencyKey === null || useOfKey(route) !== "refused") return;
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
