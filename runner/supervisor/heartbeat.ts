/** Renews the lease, and learns when the execution must end. */
import { setTimeout as wait } from "node:timers/promises";
import type { z } from "zod";
import type { HeartbeatReply, Lease } from "#shared/protocol/runner";
import { GatewayError } from "./gateway.ts";
import type { StopReason } from "./outcome.ts";

/** How long a heartbeat in progress may delay the settlement. */
const lastBeatMsMax = 1_000;

export interface HeartbeatDeps {
  readonly send: (lease: Lease) => Promise<z.infer<typeof HeartbeatReply>>;
  readonly now: () => number;
  readonly onStop: (reason: StopReason) => void;
}

export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #lease: Lease;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #ended: boolean = false;

  constructor(deps: HeartbeatDeps, lease: Lease) {
    this.#deps = deps;
    this.#lease = lease;
    this.#schedule();
  }

  /** The time until which a client reads the stream, according to the last heartbeat. */
  get readerUntil(): number {
    return this.#lease.readerUntil;
  }

  /** Waits until no heartbeat is in progress and returns the version to settle with. */
  async end(): Promise<string> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await Promise.race([this.#beating, wait(lastBeatMsMax)]);
    return this.#lease.version;
  }

  #schedule(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().finally(() => this.#schedule());
    }, this.#lease.heartbeatIntervalMs);
  }

  async #beat(): Promise<void> {
    try {
      const { lease, stop } = await this.#deps.send(this.#lease);
      this.#lease = lease;
      if (stop !== null) this.#deps.onStop(stop);
    } catch (error) {
      const isStale = error instanceof GatewayError && error.isStale;
      // Once the lease has expired, the gateway may have ended the execution.
      if (isStale || this.#deps.now() > this.#lease.expiresAt) this.#deps.onStop("lost");
    }
  }
}
