/** Limits how many refused attempts the log takes, and how fast; the rest is only counted. */
import type { NewAttempt } from "./connection-attempt.ts";

const attemptsMax = 10_000;
const burstMax = 1_000;
const perSecondMax = 20;
const namesMax = 10;

export class RefusedRoom {
  readonly #now: () => number;
  readonly #names = new Map<string, number>();
  #taken = 0;
  #tokens = burstMax;
  #filledAtMs: number;

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
    this.#filledAtMs = now();
  }

  /** Takes room for one more. @returns Whether there was any. */
  take(): boolean {
    const nowMs = this.#now();
    const filled = (Math.max(0, nowMs - this.#filledAtMs) / 1_000) * perSecondMax;
    this.#tokens = Math.min(burstMax, this.#tokens + filled);
    this.#filledAtMs = nowMs;
    if (this.#taken >= attemptsMax || this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.#taken += 1;
    return true;
  }

  remember({ host, port, rule }: NewAttempt): void {
    const what = `${host}:${port} (${rule})`;
    const times = this.#names.get(what);
    if (times !== undefined || this.#names.size < namesMax) this.#names.set(what, (times ?? 0) + 1);
  }

  /** The first few names, for an agent that sees only "403". */
  names(): readonly string[] {
    return [...this.#names].map(([what, times]) => (times > 1 ? `${what} (×${times})` : what));
  }
}
