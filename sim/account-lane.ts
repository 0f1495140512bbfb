/**
 * One owner's account as the product commits it: changes that arrive during a commit wait for the
 * next one, and share it. Besides the product's own limits, the document takes a limited number of
 * commits a second, after a few at full speed.
 */
import type { Account } from "#shared/core/money/account";
import { changesPerCommitMax } from "#shared/store/owner-queue";
import { contentionMsMax } from "#shared/store/retry-policy";
import type { Clock } from "./clock.ts";

export interface LaneSettings {
  readonly commitMs: number;
  readonly commitsPerSecondMax: number;
  /** How many commits may be made at full speed before the pace applies. */
  readonly commitsAhead: number;
  readonly changesMax: number;
  readonly patienceMs: number;
}

export const productLane = { changesMax: changesPerCommitMax, patienceMs: contentionMsMax };

export interface AccountChange {
  /** The resulting account; null if the change is refused, which costs no write. */
  decide(account: Account, now: number): Account | null;
  /** Called when it was committed or refused. */
  done(committed: boolean): void;
  /** Called when it has waited too long. */
  gaveUp(): void;
}

interface Waiting {
  readonly change: AccountChange;
  readonly since: number;
}

export class AccountLane {
  account: Account;
  readonly #clock: Clock;
  readonly #settings: LaneSettings;
  readonly #onCommit: (time: number) => void;
  #waiting: Waiting[] = [];
  #busy = false;
  /** The time until which past commits have used up the pace. */
  #pacedUntil = 0;

  constructor(
    clock: Clock,
    from: { readonly account: Account; readonly settings: LaneSettings },
    onCommit: (time: number) => void,
  ) {
    this.#clock = clock;
    this.account = from.account;
    this.#settings = from.settings;
    this.#onCommit = onCommit;
  }

  submit(change: AccountChange): void {
    this.#waiting.push({ change, since: this.#clock.now });
    if (this.#busy) return;
    this.#busy = true;
    this.#next();
  }

  #next(): void {
    const { commitsPerSecondMax, commitsAhead } = this.#settings;
    const mayAt = this.#pacedUntil - ((commitsAhead - 1) * 1_000) / commitsPerSecondMax;
    if (mayAt > this.#clock.now) this.#clock.at(mayAt, () => this.#commit());
    else this.#commit();
  }

  #commit(): void {
    const { now } = this.#clock;
    const { changesMax, patienceMs, commitMs, commitsPerSecondMax } = this.#settings;
    const batch = this.#waiting.splice(0, changesMax);
    const patient = batch.filter(({ since }) => now - since <= patienceMs);
    for (const waiting of batch) if (!patient.includes(waiting)) waiting.change.gaveUp();
    const decided = patient.map(({ change }) => {
      const next = change.decide(this.account, now);
      this.account = next ?? this.account;
      return { change, committed: next !== null };
    });
    for (const { change, committed } of decided) if (!committed) change.done(false);
    const written = decided.filter(({ committed }) => committed);
    if (written.length === 0) {
      this.#ended();
      return;
    }
    this.#onCommit(now);
    this.#pacedUntil = Math.max(this.#pacedUntil, now) + 1_000 / commitsPerSecondMax;
    this.#clock.at(now + commitMs, () => {
      for (const { change } of written) change.done(true);
      this.#ended();
    });
  }

  #ended(): void {
    if (this.#waiting.length > 0) this.#next();
    else this.#busy = false;
  }
}
