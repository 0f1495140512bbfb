import type { IncomingMessage } from "node:http";

/** What requests have done: a change may be decided again, and its work isn't done again. */
export class OncePerRequest<T> {
  readonly #done = new WeakMap<IncomingMessage, Promise<T>>();

  /** Does the work unless this request has done it. What failed isn't remembered. */
  do(request: IncomingMessage, work: () => Promise<T>): Promise<T> {
    const known = this.#done.get(request);
    if (known) return known;
    const made = work();
    this.#done.set(request, made);
    made.catch(() => this.#done.delete(request));
    return made;
  }

  /** Null if the request hasn't done it. */
  async doneBy(request: IncomingMessage): Promise<T | null> {
    return await (this.#done.get(request) ?? null);
  }
}
