/**
 * A queue in which names take turns; items of one name are served first in, first out. A name with
 * a thousand waiting items delays another name by one item, not by a thousand.
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

  /** Removes `item`. @returns Whether it was waiting under this name. */
  remove(name: string, item: T): boolean {
    const items = this.#waiting.get(name) ?? [];
    const index = items.indexOf(item);
    if (index < 0) return false;
    items.splice(index, 1);
    if (items.length === 0) this.#waiting.delete(name);
    return true;
  }

  /** Takes the first item of the name whose turn it is; the name then goes behind the others. */
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
