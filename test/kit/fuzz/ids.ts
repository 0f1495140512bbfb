/** Ids that the fuzzed owner has, so that requests reach what is behind them. */
import { isIdPlace } from "./arbitrary-request.ts";

const keptMax = 30;
const idForm = /\b([a-z]{2,6})_[A-Za-z0-9_-]{21}\b/g;

export class KnownIds {
  readonly #byPrefix = new Map<string, string[]>();
  readonly #hidden: ReadonlySet<string>;

  /** @param hidden ids that requests must not name, such as the one of the key that is used. */
  constructor(hidden: readonly string[]) {
    this.#hidden = new Set(hidden);
  }

  /** Remembers the ids in a text; the newest push out the oldest. */
  learn(text: string): void {
    for (const [id, prefix = ""] of text.matchAll(idForm)) {
      const known = this.#byPrefix.get(prefix) ?? [];
      if (this.#hidden.has(id) || known.includes(id)) continue;
      this.#byPrefix.set(prefix, [...known, id].slice(0 - keptMax));
    }
  }

  /** Forgets ids that were answered 404, but the last one of a kind. */
  forget(path: string): void {
    for (const [id, prefix = ""] of path.matchAll(idForm)) {
      const known = this.#byPrefix.get(prefix) ?? [];
      if (known.length > 1)
        this.#byPrefix.set(
          prefix,
          known.filter((one) => one !== id),
        );
    }
  }

  /** The value with an id in each place of one. */
  fill(value: unknown): unknown {
    if (isIdPlace(value)) return this.#pick(value.$id, value.pick);
    if (Array.isArray(value)) return value.map((one) => this.fill(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.fill(one)]));
  }

  #pick(prefix: string, pick: number): string {
    const known = this.#byPrefix.get(prefix) ?? [];
    // Some ids name nothing.
    const id = pick % 10 === 0 ? undefined : known[pick % known.length];
    return id ?? `${prefix}_${"0".repeat(21)}`;
  }
}
