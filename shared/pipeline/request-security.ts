/**
 * Telling callers apart, and putting their changes on the record. A function of public routes alone
 * does neither, and starts the faster for what it needn't load.
 */
import { ApiError } from "../errors/api-error.ts";
import type { Write } from "../store/documents.ts";
import type { Credential } from "./gates.ts";
import type { AnyContext, Authentication, Callers, Decided, Route } from "./route.ts";

/** The caller, and a promise that must resolve before anything is answered. */
export interface Authenticated<A extends Authentication = Authentication> {
  readonly caller: Callers[A];
  readonly confirmed: Promise<Callers[A]>;
  /** How long what was confirmed may be relied on. */
  readonly freshMs: number;
  /** Confirms a key as it stands now: a request whose body was long in coming asks again. */
  readonly reconfirm: () => Promise<unknown>;
  /** To be called when the answer has been given. Never throws. */
  readonly recordKeyUse: () => Promise<void>;
}

/** A change as it was decided, before its row is written. */
export interface AuditedChange {
  readonly context: AnyContext;
  readonly decided: Decided;
  readonly rowId: string;
  readonly sealed: string | null;
}

export interface RequestSecurity {
  /**
   * @param address The client's.
   * @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE`.
   */
  authenticate(
    authentication: Authentication,
    shown: Credential,
    address: string,
  ): Promise<Authenticated>;
  /** What only the owner may read of the row to come; null where there is no owner. */
  sealDetails(route: Route, context: AnyContext, rowId: string): Promise<string | null>;
  /** The write of the row; it belongs into the commit of the change (AUD-7). */
  auditRow(route: Route, change: AuditedChange): Write;
}

/** Of whom nothing is known but what they say; nothing needs asking twice. */
export function confirmedAlready<A extends Authentication>(caller: Callers[A]): Authenticated<A> {
  const confirmed = Promise.resolve(caller);
  return {
    caller,
    confirmed,
    freshMs: Number.POSITIVE_INFINITY,
    reconfirm: () => confirmed,
    recordKeyUse: () => Promise.resolve(),
  };
}

function none(): never {
  throw new ApiError("UNAUTHORIZED", { cause: "this function's service declares no role" });
}

/** For a function whose routes are all public. */
export const publicOnly: RequestSecurity = {
  authenticate: async (authentication) =>
    authentication === "public" ? confirmedAlready({ type: "public", id: "public" }) : none(),
  sealDetails: none,
  auditRow: none,
};
