/**
 * How long a connection to the outside may take. Behind Cloud NAT a new container's first
 * connections are reported to get no answer for 30 s and more (docs/scale.md), while the gateway,
 * which isn't behind it, answers already. TCP sends its first packet again by itself, so waiting is
 * enough.
 */
const usualMs = 5_000;
const coldMs = 45_000;
/** After this time of a container, an answer that doesn't come is the host's fault. */
const coldForMs = 60_000;

export class ConnectPatience {
  readonly #startedAtMs: number;
  readonly #nowMs: () => number;
  #isWarm = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startedAtMs = nowMs();
  }

  /** The time for the next connection, in milliseconds. */
  timeoutMs(): number {
    if (this.#nowMs() - this.#startedAtMs >= coldForMs) this.#isWarm = true;
    return this.#isWarm ? usualMs : coldMs;
  }

  /** Says that a connection was made, so the network is there. */
  connected(): void {
    this.#isWarm = true;
  }
}
