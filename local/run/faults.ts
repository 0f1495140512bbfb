import { setTimeout as wait } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { RpcError } from "../lib/grpc.ts";

/** What can go wrong between a caller and RunJob; each was seen to happen with the real service. */
export type RunFault =
  | { readonly kind: "refuse"; readonly code: status }
  /** The execution starts, the caller is told that the call failed. */
  | { readonly kind: "loseAnswer" }
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Two containers for one call: the service may do it, so the runner must survive it. */
  | { readonly kind: "startTwice" }
  /** The container ends before its program has said a word, as one without memory does. */
  | { readonly kind: "die" };

/** Where tests order faults for the next calls of RunJob; none are ever on by themselves. */
export class RunFaults {
  #queue: RunFault[] = [];
  /** How many executions may run instead of the quota; null for the quota itself. */
  runningMax: number | null = null;

  /** The next `times` calls, after those already ordered, meet `fault`. */
  next(fault: RunFault, times = 1): void {
    this.#queue.push(...Array.from({ length: times }, () => fault));
  }

  clear(): void {
    this.#queue = [];
    this.runningMax = null;
  }

  /** Calls `start` as the next ordered fault has it. */
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
