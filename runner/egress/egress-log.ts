/** What came of each attempt, bounded and numbered, on its way to the gateway. */
import {
  type EgressAttempt,
  type EgressRequest,
  egressBatchLengthMax,
} from "#shared/protocol/runner";

export interface EgressLogDeps {
  readonly send: (batch: EgressRequest) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** What a whole execution may tell, and how fast; the rest is counted. */
const attemptsMax = 10_000;
const burstMax = 1_000;
const perSecondMax = 20;
const flushIntervalMs = 5_000;

export class EgressLog {
  readonly #deps: EgressLogDeps;
  #pending: EgressAttempt[] = [];
  #sequence = 0;
  #cut = 0;
  #cutTold = 0;
  #refusals = new Map<string, number>();
  #tokens = burstMax;
  #filledAtMs: number;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(deps: EgressLogDeps) {
    this.#deps = deps;
    this.#filledAtMs = deps.now();
  }

  record(attempt: Omit<EgressAttempt, "sequence">): void {
    if (attempt.verdict === "refused") this.#remember(attempt);
    if (!this.#hasRoom()) {
      this.#cut += 1;
      return;
    }
    this.#sequence += 1;
    this.#pending.push({ ...attempt, sequence: this.#sequence });
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, flushIntervalMs);
  }

  /** Of what was refused, the first few: an agent that sees only "403" is told here. */
  refused(): readonly string[] {
    return [...this.#refusals].map(([what, times]) => (times > 1 ? `${what} (×${times})` : what));
  }

  /** Sends all there is; resolves when it is stored, or can't be. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#sending;
    if (this.#cut > this.#cutTold) this.#sendBatch([]);
    await this.#sending;
  }

  #remember({ host, port, rule }: Omit<EgressAttempt, "sequence">): void {
    const what = `${host}:${port} (${rule})`;
    const isKnown = this.#refusals.has(what);
    if (isKnown || this.#refusals.size < 10) {
      this.#refusals.set(what, (this.#refusals.get(what) ?? 0) + 1);
    }
  }

  #hasRoom(): boolean {
    const nowMs = this.#deps.now();
    const filled = (Math.max(0, nowMs - this.#filledAtMs) / 1_000) * perSecondMax;
    this.#tokens = Math.min(burstMax, this.#tokens + filled);
    this.#filledAtMs = nowMs;
    if (this.#sequence >= attemptsMax || this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #flush(): void {
    while (this.#pending.length > 0) {
      this.#sendBatch(this.#pending.splice(0, egressBatchLengthMax));
    }
  }

  /** One after the other; a batch that couldn't be stored is said to be cut. */
  #sendBatch(attempts: readonly EgressAttempt[]): void {
    const firstSequence = attempts[0]?.sequence ?? this.#sequence + 1;
    this.#sending = this.#sending.then(async () => {
      const cut = this.#cut;
      try {
        await this.#deps.send({ attempts: [...attempts], firstSequence, cut });
        this.#cutTold = cut;
      } catch (error) {
        this.#cut += attempts.length;
        this.#deps.onFailure(error);
      }
    });
  }
}
