import { setTimeout as wait } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { RpcError } from "../lib/grpc.ts";

/** Faults between a caller and RunJob; each of them was observed with the real service. */
export type RunFault =
  | { readonly kind: "refuse"; readonly code: status }
  /** The execution starts, but the caller is told that the call failed. */
  | { readonly kind: "loseAnswer" }
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Two containers for one call: the service may do that, so the runner must survive it. */
  | { readonly kind: "startTwice" }
  /** The container ends before its program has written anything, as one without memory does. */
  | { readonly kind: "die" };

/** Faults that tests order for the next calls of RunJob; without an order there are none. */
export class RunFaults {
  #queue: RunFault[] = [];
  /** Overrides how many executions may run; null for the quota. */
  runningMax: number | null = null;

  /** After those already ordered, the next `times` calls meet `fault`. */
  next(fault: RunFault, times = 1): void {
    this.#queue.push(...Array.from({ length: times }, () => fault));
  }

  clear(): void {
    this.#queue = [];
    this.runningMax = null;
  }

  /** Calls `start` according to the next ordered fault. */
  async apply<T>(start: (dies: boolean) => T): Promise<T> {
    const fault = this.#queue.shift();
    if (fault?.kind === "refuse") throw new RpcError(fault.code, "Refused by an ordered fault.");
    if (fault?.kind === "delay") await wait(fault.delayMs);
    const started = start(fault?.kind === "die");
    if (fault?.kind === "startTwice") start(false);
    if (fault?.kind === "loseAnswer")
      throw new RpcError(status.UNAVAILABLE, "The answer was lost.");
    return started;
  }
}
