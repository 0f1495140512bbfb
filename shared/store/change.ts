/** A change before it is committed: what it wants written, and how it is decided again. */
import { Fault } from "../core/fault.ts";
import type { Account } from "../core/money/account.ts";
import type { Owner } from "../identity/owner.ts";
import type { Version, Write } from "./documents.ts";

/** What a decision wants changed; nothing at all if `writes` is empty and there is no `account`. */
export interface Decision {
  readonly writes: readonly Write[];
  readonly account?: Account;
}

/**
 * Thrown by a decision whose documents contradict the account: somebody committed between the two
 * reads, so all of it is read anew and decided again.
 */
export class StaleRead extends Fault {
  override readonly name = "StaleRead";
}

export interface Change<D extends Decision> {
  readonly owner: Owner;
  /** Whether `decide` wants the account; if not, it is given null. */
  readonly needsAccount: boolean;
  /**
   * Whether it revokes, suspends or stops: it never shares a commit with what a tenant sent, nor
   * waits for one, and what tenants send meanwhile waits for it (KEY-10).
   */
  readonly closes?: boolean;
  /** Monotonic ms when it was asked for: it is refused on no account read before. */
  readonly askedAt?: number;
  /** Reads anew what `decide` decides on; called before each repetition. */
  refresh(): Promise<void>;
  /** Pure. A refusal is thrown as an {@link ApiError} and changes nothing. */
  decide(account: Account | null): D;
}

export type Committed<D> = { readonly decision: D; readonly version: Version | null };
