/** The platform's room: RunJob calls per window, and executions at the same time. */

export interface RoomSettings {
  readonly callsMax: number;
  readonly windowMs: number;
  readonly runningMax: number;
}

export type QuotaAdmission = "admitted" | "calls" | "running";

export class PlatformQuota {
  running = 0;
  readonly #settings: RoomSettings;
  /** The times of the window's calls, as a ring: `#oldest` is the oldest once it is full. */
  readonly #calls: number[] = [];
  #oldest = 0;

  constructor(settings: RoomSettings) {
    this.#settings = settings;
  }

  /** Takes a place, or says what is exhausted. */
  admit(now: number): QuotaAdmission {
    const { callsMax, windowMs, runningMax } = this.#settings;
    const oldest = this.#calls.length < callsMax ? undefined : this.#calls[this.#oldest];
    if (oldest !== undefined && oldest > now - windowMs) return "calls";
    if (this.running >= runningMax) return "running";
    this.#calls[oldest === undefined ? this.#calls.length : this.#oldest] = now;
    if (oldest !== undefined) this.#oldest = (this.#oldest + 1) % callsMax;
    this.running += 1;
    return "admitted";
  }

  release(): void {
    this.running -= 1;
  }
}
