/**
 * What waits, under the names it waits for. Names take turns, and under one name the first to come
 * is the first to go: a name with a thousand waiting delays another by one place, not a thousand.
 */
export class TurnQueue<T> {
  readonly #waiting = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  lengthOf(name: string): number {
    return this.#waiting.get(name)?.length ?? 0;
  }

  add(name: string, item: T): void {
    const items = this.#waiting.get(name);
    if (items) items.push(item);
    else this.#waiting.set(name, [item]);
  }

  /** Whether `item` was waiting under this name; it isn't any more. */
  remove(name: string, item: T): boolean {
    const items = this.#waiting.get(name) ?? [];
    const index = items.indexOf(item);
    if (index < 0) return false;
    items.splice(index, 1);
    if (items.length === 0) this.#waiting.delete(name);
    return true;
  }

  /** Takes the first item of the name whose turn it is, which then goes behind the others. */
  takeNext(mayGo: (name: string) => boolean = () => true): T | undefined {
    for (const [name, items] of this.#waiting) {
      if (!mayGo(name)) continue;
      this.#waiting.delete(name);
      const next = items.shift();
      if (items.length > 0) this.#waiting.set(name, items);
      return next;
    }
    return undefined;
  }
}
