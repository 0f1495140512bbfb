import { TurnQueue } from "./turn-queue.ts";

/** Names an item: groups take turns, and in a group its names. */
export interface TurnName {
  readonly group: string;
  readonly name: string;
}

/** A queue of queues: a group with a thousand names delays another group by one item. */
export class GroupedTurnQueue<T> {
  readonly #groups = new Map<string, TurnQueue<T>>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  lengthOf({ group, name }: TurnName): number {
    return this.#groups.get(group)?.lengthOf(name) ?? 0;
  }

  add({ group, name }: TurnName, item: T): void {
    const names = this.#groups.get(group) ?? new TurnQueue();
    names.add(name, item);
    this.#groups.set(group, names);
  }

  remove({ group, name }: TurnName, item: T): void {
    const names = this.#groups.get(group);
    names?.remove(name, item);
    if (names?.isEmpty) this.#groups.delete(group);
  }

  /** Takes the first item of the group and name whose turn it is; both go behind the others. */
  takeNext(): T | undefined {
    for (const [group, names] of this.#groups) {
      this.#groups.delete(group);
      const next = names.takeNext();
      if (!names.isEmpty) this.#groups.set(group, names);
      return next;
    }
    return undefined;
  }
}
