import { once } from "node:events";

/** What goes wrong with the next calls, on a test's order. */
export type OrderedFault =
  /** The call is refused as unavailable and never carried out. */
  | { readonly kind: "unavailable-before" }
  /** The call is carried out, and its answer is lost. Only before Firestore. */
  | { readonly kind: "unavailable-after" }
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Stops there until it is released: somebody can be killed at exactly this point. */
  | { readonly kind: "hold-before" }
  /** The same once it is carried out. Only before Firestore. */
  | { readonly kind: "hold-after" };

/** What a test forgot to release goes on after this. */
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

  /** Forgets what is ordered and lets go what is held. */
  clear(): void {
    this.#queued.clear();
    this.release();
  }

  /** Lets go what is held; what is ordered stays. */
  release(): void {
    this.#holding.abort();
    this.#holding = new AbortController();
    this.#held = 0;
  }

  /** How many calls have been held since the last release. */
  get held(): number {
    return this.#held;
  }

  /** What is ordered for the call that begins now. */
  take(method: string): OrderedFault | undefined {
    return this.#queued.get(method)?.shift();
  }

  /** Resolves when what is held may go on. */
  async hold(): Promise<void> {
    this.#held += 1;
    const { signal } = this.#holding;
    const forgotten = AbortSignal.timeout(heldMsMax);
    await Promise.race([once(signal, "abort"), once(forgotten, "abort")]);
  }

  /** Meets a call before it is carried out; false if it is refused. */
  async admit(method: string): Promise<boolean> {
    const fault = this.take(method);
    if (fault?.kind === "delay") {
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    }
    if (fault?.kind === "hold-before") await this.hold();
    return fault?.kind !== "unavailable-before";
  }
}
