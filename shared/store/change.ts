/** A change before its commit: its writes, and the function that decides it again. */
import { Fault } from "../core/fault.ts";
import type { Account } from "../core/money/account.ts";
import type { Owner } from "../identity/owner.ts";
import type { Version, Write } from "./documents.ts";

/** What a decision changes, which is nothing if `writes` is empty and `account` is missing. */
export interface Decision {
  readonly writes: readonly Write[];
  readonly account?: Account;
}

/**
 * Thrown by a decision whose documents contradict the account, because another commit came between
 * the two reads, or that needs something counted which isn't read the first time. Everything is
 * then read and decided again.
 */
export class StaleRead extends Fault {
  override readonly name = "StaleRead";
}

export interface Change<D extends Decision> {
  readonly owner: Owner;
  /** Whether `decide` needs the account; if not, it gets null. */
  readonly needsAccount: boolean;
  /**
   * Whether it revokes, suspends or stops. A closing never shares a commit with other changes and
   * doesn't wait for them; they wait for it (KEY-10).
   */
  readonly closes?: boolean;
  /** Monotonic ms of the request. An account that was read before then can't refuse the change. */
  readonly askedAt?: number;
  /** Reads again what `decide` depends on. It is called before the decision is repeated. */
  refresh(): Promise<void>;
  /** Pure. A refusal is thrown as an {@link ApiError} and changes nothing. */
  decide(account: Account | null): D;
}

export type CommittedDecision<D> = { readonly decision: D; readonly version: Version | null };
