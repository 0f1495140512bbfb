/**
 * A queue in which accounts take turns: an account with a hundred items delays another's by one.
 * Within an account the order is the one in which they came.
 */
export class OwnerTurns<T> {
  /** The account whose turn is next comes first. */
  readonly #queues = new Map<string, T[]>();

  add(ownerId: string, item: T): void {
    const queue = this.#queues.get(ownerId);
    if (queue) queue.push(item);
    else this.#queues.set(ownerId, [item]);
  }

  /** Takes the next item; undefined if none waits. */
  next(): T | undefined {
    const [first] = this.#queues;
    if (!first) return undefined;
    const [ownerId, queue] = first;
    const item = queue.shift();
    this.#queues.delete(ownerId);
    if (queue.length > 0) this.#queues.set(ownerId, queue);
    return item;
  }
}
