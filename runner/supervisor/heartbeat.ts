/** Keeps the lease alive, and hears when the execution must end. */
import { setTimeout as wait } from "node:timers/promises";
import type { z } from "zod";
import type { HeartbeatReply, Lease } from "#shared/protocol/runner";
import { GatewayError } from "./gateway.ts";
import type { StopReason } from "./outcome.ts";

/** How long a beat that is on its way may hold up the settlement. */
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

  /** Until when somebody reads along, as far as the last beat has heard. */
  get readerUntil(): number {
    return this.#lease.readerUntil;
  }

  /** No beat is on its way any more: the version is the one to settle with. */
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
      // Once the lease is over, the gateway may have given the execution up.
      if (isStale || this.#deps.now() > this.#lease.expiresAt) this.#deps.onStop("lost");
    }
  }
}
