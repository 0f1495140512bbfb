/** Collects remarks about files: each by its name, up to a hundred, and how many more. */
import { quoted } from "#shared/core/workspace/name-list";

const shownMax = 100;

export class Remarks {
  readonly #shown: string[] = [];
  #count = 0;

  /** `what` continues a sentence that begins with the name: "is no file". */
  add(path: string, what: string): void {
    this.#count += 1;
    if (this.#shown.length < shownMax) this.#shown.push(`${quoted(path)} ${what}`);
  }

  get count(): number {
    return this.#count;
  }

  /** A sentence that begins with `about`; null if there is nothing to say. */
  sentence(about: string): string | null {
    if (this.#count === 0) return null;
    const more = this.#count - this.#shown.length;
    const rest = more > 0 ? `; and ${more} more` : "";
    return `${about} (${this.#count}): ${this.#shown.join("; ")}${rest}.`;
  }
}
