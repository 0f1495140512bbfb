/** The one decision to end an execution from outside. The first reason counts. */
import { Fault } from "#shared/core/fault";
import type { StopReason } from "./outcome.ts";

export class Stopped extends Fault {
  override readonly name = "Stopped";
}

export class Stop {
  readonly #requested = Promise.withResolvers<StopReason>();
  #reason: StopReason | null = null;

  get reason(): StopReason | null {
    return this.#reason;
  }

  get requested(): Promise<StopReason> {
    return this.#requested.promise;
  }

  request(reason: StopReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#requested.resolve(reason);
  }

  /** @throws {Stopped} As soon as the execution must end, unless `work` is done before. */
  async unless<T>(work: Promise<T>): Promise<T> {
    const stopped = this.requested.then(() => Promise.reject(new Stopped("Stopped.")));
    return Promise.race([work, stopped]);
  }
}
