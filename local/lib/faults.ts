import { once } from "node:events";

/** A fault that a test orders for the next calls. */
export type OrderedFault =
  /** The call is refused as unavailable and never carried out. */
  | { readonly kind: "unavailable-before" }
  /** The call is carried out, and its answer is lost. Only in front of Firestore. */
  | { readonly kind: "unavailable-after" }
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Stops there until it is released, so that a test can kill a process at exactly this point. */
  | { readonly kind: "hold-before" }
  /** The same after it is carried out. Only in front of Firestore. */
  | { readonly kind: "hold-after" };

/** A held call that a test forgot goes on after this. */
const heldMsMax = 60_000;

export class Faults {
  readonly #queued = new Map<string, OrderedFault[]>();
  #holding = new AbortController();
  #held = 0;

  /** @param method as in the service: `Commit`, `BatchGetDocuments`, `Decrypt`, `upload`, … */
  order(method: string, fault: OrderedFault, calls = 1): void {
    const queue = this.#queued.get(method) ?? [];
    for (let call = 0; call < calls; call += 1) queue.push(fault);
    this.#queued.set(method, queue);
  }

  /** Forgets what is ordered and releases what is held. */
  clear(): void {
    this.#queued.clear();
    this.release();
  }

  /** Releases what is held, but keeps what is ordered. */
  release(): void {
    this.#holding.abort();
    this.#holding = new AbortController();
    this.#held = 0;
  }

  /** How many calls have been held since the last release. */
  get held(): number {
    return this.#held;
  }

  /** The fault that is ordered for the call that begins now. */
  take(method: string): OrderedFault | undefined {
    return this.#queued.get(method)?.shift();
  }

  /** Resolves when the held call may go on. */
  async hold(): Promise<void> {
    this.#held += 1;
    const { signal } = this.#holding;
    const forgotten = AbortSignal.timeout(heldMsMax);
    await Promise.race([once(signal, "abort"), once(forgotten, "abort")]);
  }

  /** Applies the fault before a call is carried out; false if it is refused. */
  async admit(method: string): Promise<boolean> {
    const fault = this.take(method);
    if (fault?.kind === "delay") {
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    }
    if (fault?.kind === "hold-before") await this.hold();
    return fault?.kind !== "unavailable-before";
  }
}
