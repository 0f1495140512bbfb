/** Which codes of the catalogue a route can answer, and what a client does about each. */
import { catalogue, type ErrorCode, type Retry } from "#shared/errors/catalogue";
import type { Route } from "#shared/pipeline/route";

/** Before a route is known, and when something of ours fails. */
const anyRoute: readonly ErrorCode[] = [
  "VALIDATION_FAILED",
  "MALFORMED_URL",
  "REQUEST_TIMEOUT",
  "PAYLOAD_TOO_LARGE",
  "RATE_LIMITED",
  "HEADERS_TOO_LARGE",
  "INTERNAL_ERROR",
  "UNAVAILABLE",
  "OVERLOADED",
  "CONTENTION",
];

/**
 * The codes that follow from what a route declares, and those that it names itself in `refusals`.
 * Tests check each refusal that they get against these, so a code that is missing here is found.
 */
export function refusalsOf(route: Route): ErrorCode[] {
  const { authenticate, body, kind, method, params, refusals = [] } = route;
  const isPublic = authenticate === "public";
  const named = Object.keys((params as { shape?: object }).shape ?? {});
  const codes = new Set<ErrorCode>([...anyRoute, ...refusals]);
  const add = (when: boolean, ...added: ErrorCode[]) => {
    if (when) for (const code of added) codes.add(code);
  };
  add(!isPublic, "UNAUTHORIZED", "FORBIDDEN", "ACCOUNT_BUSY", "STREAMS_LIMITED");
  add(!isPublic || named.length > 0, "NOT_FOUND");
  add(body !== "none", "UNSUPPORTED_MEDIA_TYPE");
  add(typeof body !== "string", "MALFORMED_JSON");
  add(method !== "GET" || route.preconditions === "honoured", "PRECONDITION_FAILED");
  if (kind === "change") {
    add(route.idempotency !== undefined, "IDEMPOTENCY_CONFLICT");
    add(route.account === "quota", "QUOTA_REACHED");
    add(route.account === "hold", ...startRefusals);
  }
  return [...codes].toSorted(
    (one, other) => catalogue[one].status - catalogue[other].status || (one < other ? -1 : 1),
  );
}

/** What refuses the start of an execution. */
const startRefusals: readonly ErrorCode[] = [
  "INSUFFICIENT_BUDGET",
  "BUDGET_LIMIT_DAILY",
  "BUDGET_LIMIT_MONTHLY",
  "BUDGET_LIMIT_KEY",
  "CONCURRENCY_LIMITED",
];

export const whatToDo: Readonly<Record<Retry, string>> = {
  never: "Change the request: sent again as it is, it is refused again.",
  after_wait: "Send the same request again later, after Retry-After seconds if the answer says so.",
  after_topup: "Add money to the account or wait until a hold ends, then send the same again.",
};
