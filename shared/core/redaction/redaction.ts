/**
 * Removes secrets from text that leaves the sandbox, even if they are encoded or divided between
 * two chunks. This guards against accidents: a program that wants to get a secret out can transform
 * it.
 */
import { heldBackFrom, PlaceFinder } from "./finder.ts";
import type { RedactionPlan } from "./plan.ts";
import { Walker } from "./walker.ts";

/** Fewer characters of a possible secret reveal nothing; line breaks don't count. */
const tellingLengthMin = 4;

/** What replaces a secret begins with this; then comes the secret's name. */
export const redactedMark = "[redacted:";

/** Redacts a whole text. */
export function redact(plan: RedactionPlan, text: string): string {
  const redactor = new Redactor(plan);
  return redactor.write(text) + redactor.end();
}

/** Redacts a stream, holding back only text that may be the beginning of a secret. */
export class Redactor {
  readonly #plan: RedactionPlan;
  readonly #walker: Walker;
  #held = "";
  /** How many of the held characters belong to an earlier match. */
  #coveredLength = 0;
  /** How many of them were passed on during a pause. */
  #passedLength = 0;
  /** The key whose tag was written last, if nothing was written since. */
  #lastKey: string | undefined;

  /** Whether any secret has been found so far. */
  hasFound = false;

  constructor(plan: RedactionPlan) {
    this.#plan = plan;
    this.#walker = new Walker(plan);
  }

  /** How many symbols have been compared so far. */
  get steps(): number {
    return this.#walker.steps;
  }

  /**
   * Whether the held text is long enough to reveal a part of the secret that may begin in it.
   */
  get holdsTelling(): boolean {
    return this.#held.replace(/[\r\n]/g, "").length >= tellingLengthMin;
  }

  /** @returns The text that is safe to pass on now; it may be empty. */
  write(text: string): string {
    return this.#drain(this.#held + text, false);
  }

  /**
   * Called when no text has come for a while.
   * @returns The held text, if it is too short to reveal anything of a secret.
   */
  pause(): string {
    if (this.holdsTelling || this.#coveredLength > 0) return "";
    const passed = this.#held.slice(this.#passedLength);
    this.#passedLength = this.#held.length;
    if (passed !== "") this.#lastKey = undefined;
    return passed;
  }

  /**
   * @returns The rest. If the text ends inside a secret, far enough into it, a tag replaces that.
   */
  end(): string {
    return this.#drain(this.#held, true);
  }

  #drain(text: string, final: boolean): string {
    if (this.#plan.units.count === 0) return text;
    const open = final ? text.length : heldBackFrom(this.#plan.heads, text);
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
    return `${redactedMark}${key}]`;
  }
}

/** Whether a cut here would split a surrogate pair, whose halves can't be sent. */
function splitsCharacter(text: string, position: number): boolean {
  const isHalf = (index: number, first: number) => (text.charCodeAt(index) & 0xfc00) === first;
  return isHalf(position, 0xdc00) && isHalf(position - 1, 0xd800);
}
