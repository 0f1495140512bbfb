/**
 * Finds the positions in a text where a unit of a secret may begin, even if its lines are folded.
 */
import { afterBreaks, breakLengthAt, foreign, isBlank, isBreak } from "./breaks.ts";
import { ignoresIndents, spellings } from "./spellings.ts";
import type { HeadTables } from "./tables.ts";
import { redactableLengthMin } from "./units.ts";

const carriageReturn = 13;
const ignoringIndentsMask = spellings.reduce(
  (mask, spelling, index) => (ignoresIndents(spelling) ? mask | (1 << index) : mask),
  0,
);

/** A head that is cut off by the end of the text begins at most this far before it. */
const tailLengthMax = 512;

/**
 * Where the part of `text` begins that must be held back, because it may be the start of a head.
 */
export function heldBackFrom(heads: HeadTables, text: string): number {
  let open = text.length;
  let nonBlankCount = 0;
  const from = Math.max(0, text.length - tailLengthMax);
  for (let at = text.length - 1; at >= from && nonBlankCount < redactableLengthMin - 1; at -= 1) {
    const unit = text.charCodeAt(at);
    if (!isBlank(unit) && !isBreak(unit)) nonBlankCount += 1;
    if (mayBeginAt(heads, text, at)) open = at;
  }
  return open;
}

function mayBeginAt(heads: HeadTables, text: string, position: number): boolean {
  const isShort = text.length - position < redactableLengthMin;
  if (isShort && heads.hasPrefix(text.slice(position))) return true;
  if (isBreak(text.charCodeAt(position))) return false;
  return [false, true].some((indents) => {
    const { joined, isCut } = joinedFrom(text, position, indents);
    return !isCut && joined.length < redactableLengthMin && heads.hasPrefix(joined);
  });
}

/** Reads a head's characters from `position` on, past line breaks; too many breaks cut it short. */
function joinedFrom(text: string, position: number, indents: boolean) {
  let joined = "";
  let next = position;
  while (next >= 0 && joined.length < redactableLengthMin) {
    joined += text.charAt(next);
    next = afterBreaks(text, next + 1, indents);
  }
  return { joined, isCut: next === foreign };
}

export class PlaceFinder {
  readonly #heads: HeadTables;
  readonly #text: string;
  /** The next position whose head is on one line, and the next whose head continues on the next. */
  #nextInLine = -1;
  #nextAcrossBreak = -1;
  #spellingsAcrossBreak = 0;
  /** Line breaks before this position have been examined. */
  #breaksExaminedUntil = 0;
  #spellings = 0;

  constructor(heads: HeadTables, text: string) {
    this.#heads = heads;
    this.#text = text;
  }

  /** Bit set: the spellings to try at the position that was found last. */
  get spellings(): number {
    return this.#spellings;
  }

  /**
   * The next position at or after `from`; the text's length if there is none. `from` must not be
   * less than in the call before.
   */
  next(from: number): number {
    const text = this.#text;
    const last = text.length - redactableLengthMin;
    if (this.#nextInLine < from) this.#nextInLine = this.#heads.next(text, from, last);
    if (this.#nextAcrossBreak < from) this.#nextAcrossBreak = this.#findAcrossBreak(from);
    if (this.#nextAcrossBreak < this.#nextInLine) {
      this.#spellings = this.#spellingsAcrossBreak;
      return this.#nextAcrossBreak;
    }
    if (this.#nextInLine > last) return text.length;
    this.#spellings = this.#heads.spellingsAt(text, this.#nextInLine);
    return this.#nextInLine;
  }

  #findAcrossBreak(from: number): number {
    const text = this.#text;
    const { length } = text;
    let at = Math.max(from, this.#breaksExaminedUntil);
    for (;;) {
      const newline = text.indexOf("\n", at);
      if (newline < 0 || newline + 1 === length) return length;
      const isPair = text.charCodeAt(newline - 1) === carriageReturn;
      const end = isPair ? newline - 1 : newline;
      if (end > from && this.#mayContinue(end, newline + 1)) {
        const place = this.#firstHeadAcross(end, from);
        if (place < end) return place;
      }
      at = newline + 1;
      this.#breaksExaminedUntil = at;
    }
  }

  /**
   * Whether a head may begin on the line that ends at `end` and continue on the next line. Such a
   * head contains the last character before the break and three after it, or three before it and
   * one after it, so one of these two blocks must be known.
   */
  #mayContinue(end: number, next: number): boolean {
    const text = this.#text;
    const last = text.charCodeAt(end - 1);
    const first = text.charCodeAt(next);
    const second = text.charCodeAt(next + 1);
    const third = text.charCodeAt(next + 2);
    if (isBlank(first) || isBreak(first) || isBreak(second) || isBreak(third)) return true;
    if (this.#heads.hasBlock(last, first, second, third)) return true;
    return this.#heads.hasBlock(text.charCodeAt(end - 3), text.charCodeAt(end - 2), last, first);
  }

  /** The first position from `from` on whose head continues after `end`; `end` if there is none. */
  #firstHeadAcross(end: number, from: number): number {
    const text = this.#text;
    let first = end;
    const earliest = Math.max(from, end - redactableLengthMin + 1);
    while (first > earliest && !isBreak(text.charCodeAt(first - 1))) first -= 1;
    const plain = this.#around(first, end, false);
    const isIndented = isBlank(text.charCodeAt(end + breakLengthAt(text, end)));
    const joined = isIndented || plain.isFolded ? this.#around(first, end, true) : plain;
    for (let at = first; at < end; at += 1) {
      const mask = this.#heads.spellingsIn(plain.codes, at - first);
      this.#spellingsAcrossBreak =
        plain === joined
          ? mask
          : (mask & ~ignoringIndentsMask) |
            (this.#heads.spellingsIn(joined.codes, at - first) & ignoringIndentsMask);
      if (this.#spellingsAcrossBreak !== 0) return at;
    }
    return end;
  }

  /** The characters from `first` to `end`, and after the break as many as a head there may need. */
  #around(first: number, end: number, indents: boolean) {
    const text = this.#text;
    const codes: number[] = [];
    for (let at = first; at < end; at += 1) codes.push(text.charCodeAt(at));
    const lengthMax = codes.length + redactableLengthMin - 1;
    let isFolded = false;
    let next = afterBreaks(text, end, indents);
    while (next >= 0 && codes.length < lengthMax) {
      codes.push(text.charCodeAt(next));
      const following = afterBreaks(text, next + 1, indents);
      isFolded ||= following !== next + 1;
      next = following;
    }
    return { codes, isFolded };
  }
}
