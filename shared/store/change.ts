/** A change before its commit: its writes, and the function that decides it again. */
import { Fault } from "../core/fault.ts";
import type { Account } from "../core/money/account.ts";
import type { Owner } from "../identity/owner.ts";
import type { Version, Write } from "./documents.ts";

/** What a decision changes. Without writes and account it changes nothing. */
export interface Decision {
  readonly writes: readonly Write[];
  readonly account?: Account;
}

/**
 * Thrown by a decision whose documents contradict the account, because another commit came between
 * the two reads, or that needs a count which the first read skips. Everything is then read and
 * decided again.
 */
export class StaleRead extends Fault {
  override readonly name = "StaleRead";
}

export interface Change<D extends Decision> {
  readonly owner: Owner;
  /** Whether `decide` needs the account; if not, it gets null. */
  readonly needsAccount: boolean;
  /**
   * Whether it revokes keys, suspends an owner or stops executions. A closing never shares a commit
   * with other changes and doesn't wait for them; they wait for it (KEY-10).
   */
  readonly closes?: boolean;
  /**
   * Monotonic ms of the request. An account that was read earlier isn't trusted to refuse the
   * change.
   */
  readonly askedAt?: number;
  /** Reads again what `decide` depends on. It is called before the decision is repeated. */
  refresh(): Promise<void>;
  /** Pure. A refusal is thrown as an {@link ApiError} and changes nothing. */
  decide(account: Account | null): D;
}

export type CommittedDecision<D> = { readonly decision: D; readonly version: Version | null };
