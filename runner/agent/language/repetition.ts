/** Notices that a model does the same thing again and again, and learns nothing from it. Pure. */
import { createHash } from "node:crypto";

/** How far back a repetition is looked for, so that a loop of several calls is noticed, too. */
const rememberedMax = 30;
const warnAt = 3;
const endAt = 6;

export class Repetition {
  readonly #recent: string[] = [];
  #worst = 0;

  /** @returns How often the same call had the same result lately, with this time. */
  add(call: { readonly name: string; readonly arguments: string }, result: string): number {
    const said = JSON.stringify([call.name, call.arguments, result]);
    const print = createHash("sha256").update(said).digest("base64");
    this.#recent.push(print);
    if (this.#recent.length > rememberedMax) this.#recent.shift();
    const count = this.#recent.filter((each) => each === print).length;
    this.#worst = Math.max(this.#worst, count);
    return count;
  }

  /** Whether the run should end. */
  get isStuck(): boolean {
    return this.#worst >= endAt;
  }
}

/** A sentence for the model; null as long as there is no need. */
export function repetitionWarning(count: number): string | null {
  if (count < warnAt) return null;
  return `You have made this same call ${count} times with the same result. Do something else.`;
}
