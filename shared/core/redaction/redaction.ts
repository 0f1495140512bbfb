/**
 * Takes secrets out of text that leaves, also when they straddle chunks or are encoded. A guard
 * against accidents: who wants to smuggle a secret out can transform it in ways nobody lists.
 */
import { openEnd, PlaceFinder } from "./finder.ts";
import type { RedactionPlan } from "./plan.ts";
import { Walker } from "./walker.ts";

/** Less than so many characters of what may be a secret, beside breaks, tell nothing of it. */
const tellingLengthMin = 4;

/** Redacts a whole text. */
export function redact(plan: RedactionPlan, text: string): string {
  const redactor = new Redactor(plan);
  return redactor.write(text) + redactor.end();
}

/** Redacts a stream, holding back only what may be the beginning of a secret. */
export class Redactor {
  readonly #plan: RedactionPlan;
  readonly #walker: Walker;
  #held = "";
  /** How many held characters an earlier match covers. */
  #coveredLength = 0;
  /** How many of them have been passed on in a pause. */
  #passedLength = 0;
  /** Whose tag was written last, if nothing was written since. */
  #lastKey: string | undefined;

  /** Whether any secret was in what has come so far. */
  hasFound = false;

  constructor(plan: RedactionPlan) {
    this.#plan = plan;
    this.#walker = new Walker(plan);
  }

  /** How many symbols were compared so far. */
  get steps(): number {
    return this.#walker.steps;
  }

  /** Whether what is held back, as it may be a secret's beginning, is enough to tell some of it. */
  get holdsTelling(): boolean {
    return this.#held.replace(/[\r\n]/g, "").length >= tellingLengthMin;
  }

  /** @returns What is safe to pass on now; possibly nothing. */
  write(text: string): string {
    return this.#drain(this.#held + text, false);
  }

  /**
   * Nothing has come for a while.
   * @returns What is held back, if it is too short to tell anything of a secret.
   */
  pause(): string {
    if (this.holdsTelling || this.#coveredLength > 0) return "";
    const passed = this.#held.slice(this.#passedLength);
    this.#passedLength = this.#held.length;
    if (passed !== "") this.#lastKey = undefined;
    return passed;
  }

  /** @returns The rest; a text that ends within a secret, far enough into it, ends in its tag. */
  end(): string {
    return this.#drain(this.#held, true);
  }

  #drain(text: string, final: boolean): string {
    if (this.#plan.units.count === 0) return text;
    const open = final ? text.length : openEnd(this.#plan.heads, text);
    const stop = splitsCharacter(text, open) ? open - 1 : open;
    let out = "";
    let coveredUntil = this.#coveredLength;
    let plainFrom = Math.max(coveredUntil, this.#passedLength);
    const finder = new PlaceFinder(this.#plan.heads, text);
    let until = stop;
    for (let at = finder.next(0); at < stop; at = finder.next(at + 1)) {
      if (splitsCharacter(text, at)) continue;
      const found = this.#walker.match(text, at, finder.spellings);
      if (found === null) continue;
      const { longest, undecided } = found;
      if (undecided !== null && !final) {
        until = at;
        break;
      }
      const match = undecided ?? longest;
      if (match === null) continue;
      if (at >= coveredUntil) out += this.#plain(text, plainFrom, at) + this.#tag(match.key);
      coveredUntil = Math.max(coveredUntil, match.end);
      plainFrom = Math.max(plainFrom, coveredUntil);
    }
    this.#held = text.slice(until);
    this.#coveredLength = Math.max(0, coveredUntil - until);
    out += this.#plain(text, plainFrom, until);
    this.#passedLength = Math.max(0, this.#passedLength - until);
    return out;
  }

  #plain(text: string, from: number, to: number): string {
    if (from >= to) return "";
    this.#lastKey = undefined;
    return text.slice(from, to);
  }

  #tag(key: string): string {
    this.hasFound = true;
    if (this.#lastKey === key) return "";
    this.#lastKey = key;
    return `[redacted:${key}]`;
  }
}

/** Whether a cut there would leave half of a surrogate pair on each side, which can't be sent. */
function splitsCharacter(text: string, position: number): boolean {
  const isHalf = (index: number, first: number) => (text.charCodeAt(index) & 0xfc00) === first;
  return isHalf(position, 0xdc00) && isHalf(position - 1, 0xd800);
}
