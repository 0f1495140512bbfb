/**
 * What must be true of an account, written a second time as simply as possible: a list of what was
 * committed, added up from the start for each question. It shares no code with the product.
 */
import { expect } from "vitest";

interface Slice {
  readonly id: string;
  readonly keyId: string;
  readonly day: string;
  readonly amount: number;
  readonly expiresAt: number;
}

export interface Limits {
  readonly daily: number | null;
  readonly monthly: number | null;
  readonly concurrentMax: number;
  readonly keyConcurrentMax: number;
  readonly keyHeldPercentMax: number;
  readonly executions: { readonly max: number; readonly windowMs: number };
}

export interface Ask {
  readonly id: string;
  readonly keyId: string;
  readonly amount: number;
  readonly executionMax: number | null;
  readonly keyDayMax: number | null;
  readonly now: number;
  readonly limits: Limits;
}

const total = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
const amounts = (lines: readonly { readonly amount: number }[]) =>
  total(lines.map((one) => one.amount));

export class LedgerModel {
  /** The latest day that was seen; it never restarts. */
  day: string;
  readonly credits: number[] = [];
  readonly charges: {
    readonly id: string;
    readonly keyId: string;
    readonly day: string;
    amount: number;
  }[] = [];
  readonly starts: { readonly keyId: string; readonly at: number }[] = [];
  slices: Slice[] = [];

  constructor(now: number) {
    this.day = dayAt(now);
  }

  get balance(): number {
    return total(this.credits) - amounts(this.charges);
  }

  get held(): number {
    return amounts(this.slices);
  }

  heldFor(id: string): number {
    return amounts(this.slices.filter((slice) => slice.id === id));
  }

  heldOn(day: string): number {
    return amounts(this.slices.filter((slice) => slice.day === day));
  }

  /** What was spent in a day or a month, which is a prefix of the day's name. */
  spentIn(period: string): number {
    return amounts(this.charges.filter(({ day }) => day.startsWith(period)));
  }

  /** The most that any cap leaves, for a key and an execution, at `now`. */
  free(ask: Omit<Ask, "amount">): number {
    const { day, slices } = this.at(ask.now);
    const month = day.slice(0, 7);
    const left = (
      limit: number | null,
      counts: (slice: { day: string; keyId: string; id: string }) => boolean,
    ) =>
      limit === null
        ? Number.POSITIVE_INFINITY
        : limit - amounts(this.charges.filter(counts)) - amounts(slices.filter(counts));
    return Math.min(
      this.balance - amounts(slices),
      left(ask.limits.daily, (one) => one.day === day),
      left(ask.limits.monthly, (one) => one.day.startsWith(month)),
      left(ask.keyDayMax, (one) => one.day === day && one.keyId === ask.keyId),
      left(ask.executionMax, (one) => one.id === ask.id),
    );
  }

  /** Whether a start must be granted; null if a window's buckets may round against it. */
  mustGrant(ask: Ask): boolean | null {
    const { slices } = this.at(ask.now);
    const { limits, keyId, amount } = ask;
    const ofKey = slices.filter((slice) => slice.keyId === keyId);
    const running = (slices: readonly Slice[]) => new Set(slices.map(({ id }) => id)).size;
    const share = Math.floor((this.balance * limits.keyHeldPercentMax) / 100);
    const allowed =
      running(slices) < limits.concurrentMax &&
      running(ofKey) < limits.keyConcurrentMax &&
      amount <= this.free(ask) &&
      (ofKey.length === 0 || amounts(ofKey) + amount <= share);
    if (!allowed) return false;
    const ever = this.starts.filter((start) => start.keyId === keyId).length;
    return ever < limits.executions.max ? true : null;
  }

  /** Records what a start or a renewal was granted, and checks it against every cap. */
  granted(ask: Ask, expiresAt: number): void {
    expect(ask.amount, "no cap is overspent").toBeLessThanOrEqual(this.free(ask));
    this.seen(ask.now);
    const { id, keyId, amount } = ask;
    if (amount > 0) this.slices.push({ id, keyId, day: this.day, amount, expiresAt });
  }

  started({ keyId, now, limits }: Ask): void {
    const { max, windowMs } = limits.executions;
    this.starts.push({ keyId, at: now });
    const inWindow = this.starts.filter(
      (start) => start.keyId === keyId && start.at > now - windowMs && start.at <= now,
    );
    expect(inWindow.length, "no window is overrun").toBeLessThanOrEqual(max);
  }

  /** What an end must charge: what was used, at most what was held; or, if late, what is free. */
  charge(ask: Omit<Ask, "amount">, cost: number | null, lastHeld: number): number {
    const { id, keyId, now } = ask;
    const own = this.slices.filter((slice) => slice.id === id);
    const isLate = own.length === 0;
    const free = this.free({ ...ask, executionMax: null });
    const charged = isLate
      ? Math.max(0, Math.min(cost ?? lastHeld, lastHeld, free))
      : Math.min(cost ?? amounts(own), amounts(own));
    expect(
      this.charges.every((one) => one.id !== id),
      "charged once",
    ).toBe(true);
    this.slices = this.slices.filter((slice) => slice.id !== id);
    let left = charged;
    for (const { day, amount } of own) {
      this.charges.push({ id, keyId, day, amount: Math.min(left, amount) });
      left -= Math.min(left, amount);
    }
    this.seen(now);
    if (isLate) this.charges.push({ id, keyId, day: this.day, amount: charged });
    return charged;
  }

  credit(amount: number, now: number): void {
    this.credits.push(amount);
    this.seen(now);
  }

  /** A process whose clock says `now` has committed a change of the account. */
  seen(now: number): void {
    const { day, slices } = this.at(now);
    this.day = day;
    this.slices = slices;
  }

  at(now: number): { readonly day: string; readonly slices: Slice[] } {
    const day = dayAt(now) > this.day ? dayAt(now) : this.day;
    return { day, slices: this.slices.filter(({ expiresAt }) => expiresAt > now) };
  }
}

function dayAt(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
