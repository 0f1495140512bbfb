/**
 * A queue in which the branches of a tree take turns, at each level: a branch with a thousand items
 * delays another one by one item, not by a thousand. Items of one place are served first in, first
 * out.
 */
export class TurnTree<T> {
  /** By the next name of their paths; the first branch is served next. */
  readonly #branches = new Map<string, TurnTree<T>>();
  readonly #items: T[] = [];

  get isEmpty(): boolean {
    return this.#items.length === 0 && this.#branches.size === 0;
  }

  /** How many items wait in exactly this place. */
  lengthOf([name, ...rest]: readonly string[]): number {
    if (name === undefined) return this.#items.length;
    return this.#branches.get(name)?.lengthOf(rest) ?? 0;
  }

  /** @param path Names from the root down. Nothing may be added above a place that has items. */
  add([name, ...rest]: readonly string[], item: T): void {
    if (name === undefined) {
      this.#items.push(item);
      return;
    }
    const branch = this.#branches.get(name) ?? new TurnTree();
    branch.add(rest, item);
    this.#branches.set(name, branch);
  }

  remove([name, ...rest]: readonly string[], item: T): void {
    if (name === undefined) {
      const index = this.#items.indexOf(item);
      if (index >= 0) this.#items.splice(index, 1);
      return;
    }
    const branch = this.#branches.get(name);
    branch?.remove(rest, item);
    if (branch?.isEmpty) this.#branches.delete(name);
  }

  /** Takes the first item of the branches whose turn it is; these go behind the others. */
  takeNext(): T | undefined {
    for (const [name, branch] of this.#branches) {
      this.#branches.delete(name);
      const next = branch.takeNext();
      if (!branch.isEmpty) this.#branches.set(name, branch);
      return next;
    }
    return this.#items.shift();
  }
}
