/**
 * Identifies callers and records their changes. A function that has only public routes does
 * neither, and starts faster because it loads less.
 */
import type { RightsReason } from "../core/keys/refused-uses.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { KeyClient } from "../keys/key-client.ts";
import type { Write } from "../store/documents.ts";
import type { Credential } from "./credential.ts";
import type { AnyContext, Authentication, Callers, ChangeRoute, Decided } from "./route.ts";

/** The caller, and a promise that must resolve before the request is answered. */
export interface Authenticated<A extends Authentication = Authentication> {
  readonly caller: Callers[A];
  readonly confirmed: Promise<Callers[A]>;
  /** How long the confirmation may be relied on. */
  readonly freshMs: number;
  /**
   * Looks the caller up again: if the request has taken long, and before a decision is repeated.
   * @throws {ApiError} what `authenticate` throws; `CONTENTION` if the caller's right is another.
   */
  readonly reconfirm: () => Promise<Callers[A]>;
  /**
   * Looks the caller up while its answer is being sent; null once it may get nothing more.
   * @throws {ApiError} `UNAVAILABLE`.
   */
  readonly findAgain: () => Promise<Callers[A] | null>;
  /**
   * Changes nothing, but makes a commit fail if the caller's right has changed since it was read.
   * It is part of all commits of the caller's changes. Null if being confirmed is enough.
   */
  readonly stillAllowed: Write | null;
  /** Called once the request is answered or its client is gone. Never throws. */
  readonly recordKeyUse: () => Promise<void>;
  /** Called if the caller lacks a right. Returns at once and never throws. */
  readonly recordRefusal: (reason: RightsReason) => void;
}

/** A change that was decided and needs its audit row. */
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
   * @param client Who sent the request.
   * @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE`.
   */
  authenticate(
    authentication: Authentication,
    credential: Credential,
    client: KeyClient,
  ): Promise<Authenticated>;
  /** Seals the part of the audit row that only the owner may read; null if there is no owner. */
  sealDetails(
    route: ChangeRoute,
    context: AnyContext & { readonly data: unknown },
    row: { readonly id: string; readonly owner: Owner },
  ): Promise<string | null>;
  /** The write of the audit row, which must be in the commit of the change (AUD-7). */
  auditRow(route: ChangeRoute, change: AuditedChange): Write;
}

/** A caller whose identity needs no further look-up. */
export function confirmedAlready<A extends Authentication>(caller: Callers[A]): Authenticated<A> {
  const confirmed = Promise.resolve(caller);
  return {
    caller,
    confirmed,
    freshMs: Number.POSITIVE_INFINITY,
    reconfirm: () => confirmed,
    findAgain: () => confirmed,
    stillAllowed: null,
    recordKeyUse: () => Promise.resolve(),
    recordRefusal: () => undefined,
  };
}

function none(): never {
  const cause = "this function's service declares no role";
  throw new ApiError("UNAUTHORIZED", { cause, authentication: { reason: "no role" } });
}

/** The security of a function whose routes are all public. */
export const publicOnly: RequestSecurity = {
  authenticate: async (authentication) =>
    authentication === "public" ? confirmedAlready({ type: "public", id: "public" }) : none(),
  sealDetails: none,
  auditRow: none,
};
