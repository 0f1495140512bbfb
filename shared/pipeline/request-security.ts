/**
 * Identifies callers and records their changes. A function that has only public routes does
 * neither, and starts faster because it loads less.
 */
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Write } from "../store/documents.ts";
import type { Credential } from "./gates.ts";
import type { AnyContext, Authentication, Callers, ChangeRoute, Decided } from "./route.ts";

/** The caller, and a promise that must resolve before anything is answered. */
export interface Authenticated<A extends Authentication = Authentication> {
  readonly caller: Callers[A];
  readonly confirmed: Promise<Callers[A]>;
  /** How long the confirmation may be relied on. */
  readonly freshMs: number;
  /** Confirms the key's current state again, after a body that took long to arrive. */
  readonly reconfirm: () => Promise<unknown>;
  /** Called when the answer has been given. Never throws. */
  readonly recordKeyUse: () => Promise<void>;
}

/** A decided change, before its audit row is written. */
export interface AuditedChange {
  readonly context: AnyContext;
  readonly decided: Decided;
  /** The owner whose data was changed. */
  readonly owner: Owner;
  readonly rowId: string;
  readonly sealed: string | null;
}

export interface RequestSecurity {
  /**
   * @param address The client's address.
   * @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE`.
   */
  authenticate(
    authentication: Authentication,
    credential: Credential,
    address: string,
  ): Promise<Authenticated>;
  /** Seals what only the owner may read of the future audit row; null if there is no owner. */
  sealDetails(route: ChangeRoute, context: AnyContext, rowId: string): Promise<string | null>;
  /** The write of the audit row; it belongs into the commit of the change (AUD-7). */
  auditRow(route: ChangeRoute, change: AuditedChange): Write;
}

/** A caller whose identity needs no second confirmation. */
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

/** Security of a function whose routes are all public. */
export const publicOnly: RequestSecurity = {
  authenticate: async (authentication) =>
    authentication === "public" ? confirmedAlready({ type: "public", id: "public" }) : none(),
  sealDetails: none,
  auditRow: none,
};
