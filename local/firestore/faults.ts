/** What goes wrong with the next calls, on a test's order. */
export type Fault =
  /** The call is refused with UNAVAILABLE and never reaches the database. */
  | { readonly kind: "unavailable-before" }
  /** The call is carried out, and its answer is lost: UNAVAILABLE. */
  | { readonly kind: "unavailable-after" }
  | { readonly kind: "delay"; readonly delayMs: number };

export class Faults {
  readonly #queued = new Map<string, Fault[]>();

  /** @param method as in the service: `Commit`, `BatchGetDocuments`, `RunQuery`, … */
  order(method: string, fault: Fault, calls = 1): void {
    const queue = this.#queued.get(method) ?? [];
    for (let call = 0; call < calls; call += 1) queue.push(fault);
    this.#queued.set(method, queue);
  }

  clear(): void {
    this.#queued.clear();
  }

  /** What is ordered for the call that begins now. */
  take(method: string): Fault | undefined {
    return this.#queued.get(method)?.shift();
  }
}
