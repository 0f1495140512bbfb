import { once } from "node:events";
import { pollUntil } from "./poll-until.ts";

/** A fault that a test orders for the next calls. */
export type OrderedFault =
  /** The call is refused as unavailable and never carried out. */
  | Failure<"unavailable-before">
  /** The call is carried out, and its answer is lost. Only in front of Firestore. */
  | Failure<"unavailable-after">
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Stops there until it is released, so that a test can kill a process at exactly this point. */
  | Hold<"hold-before">
  /** The same after it is carried out. Only in front of Firestore. */
  | Hold<"hold-after">;

interface Failure<K extends string> {
  readonly kind: K;
  /** The gRPC code of a failure of Firestore; `UNAVAILABLE` unless it is given. */
  readonly grpcCode?: number;
}

interface Hold<K extends string> {
  readonly kind: K;
  /**
   * Whether calls of the same method are held, too, while this one is: Google's clients ask again
   * what isn't answered for some seconds, and the process would go on.
   */
  readonly withLater?: boolean;
}

/** A held call that a test forgot goes on after this. */
const heldMsMax = 60_000;

/** A killed process's connections close at once; this is for a machine that is busy. */
const goneWithinMs = 20_000;

export class Faults {
  readonly #queued = new Map<string, OrderedFault[]>();
  /** How many calls of a method are held with those that come later. */
  readonly #blocked = new Map<string, number>();
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
    this.#blocked.clear();
  }

  /** How many calls are held now. */
  get held(): number {
    return this.#held;
  }

  /** Resolves when nothing is held: what a killed process had sent is forgotten with it. */
  async untilNoneHeld(): Promise<void> {
    if (await pollUntil(() => this.#held === 0, goneWithinMs)) return;
    throw new Error("A call is still held although its caller is gone.");
  }

  /** The fault that is ordered for the call that begins now. */
  take(method: string): OrderedFault | undefined {
    if (this.#blockedBy(method) > 0) return { kind: "hold-before", withLater: true };
    return this.#queued.get(method)?.shift();
  }

  /**
   * Resolves when the held call may go on.
   * @param gone aborts when the caller is gone, which ends the call at once.
   * @returns false if nobody waits for the call any more.
   */
  async hold(method: string, { withLater }: Hold<string>, gone: AbortSignal): Promise<boolean> {
    if (gone.aborted) return false;
    this.#held += 1;
    const more = Number(withLater ?? false);
    this.#blocked.set(method, this.#blockedBy(method) + more);
    const { signal } = this.#holding;
    const forgotten = AbortSignal.timeout(heldMsMax);
    await once(AbortSignal.any([signal, forgotten, gone]), "abort");
    if (!signal.aborted) {
      this.#held -= 1;
      this.#blocked.set(method, this.#blockedBy(method) - more);
    }
    return !gone.aborted;
  }

  #blockedBy(method: string): number {
    return this.#blocked.get(method) ?? 0;
  }

  /** Applies the fault before a call is carried out; false if it is refused or its caller gone. */
  async admit(method: string, gone: AbortSignal): Promise<boolean> {
    const fault = this.take(method);
    if (fault?.kind === "delay") {
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    }
    if (fault?.kind === "hold-before") return await this.hold(method, fault, gone);
    return fault?.kind !== "unavailable-before";
  }
}
