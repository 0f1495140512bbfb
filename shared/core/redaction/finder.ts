/** Finds the positions in a text where a unit may begin, also across folded lines. */
import { afterBreaks, breakLengthAt, foreign, isBlank, isBreak } from "./breaks.ts";
import { ignoresIndents, spellings } from "./spellings.ts";
import type { HeadTables } from "./tables.ts";
import { redactableLengthMin } from "./units.ts";

const carriageReturn = 13;
const deindented = spellings.reduce(
  (mask, spelling, index) => (ignoresIndents(spelling) ? mask | (1 << index) : mask),
  0,
);

/** A head that is cut off by the end of the text begins at most this far before it. */
const tailLengthMax = 512;

/** The position from which the text's end may be the start of a head. */
export function openEnd(heads: HeadTables, text: string): number {
  let open = text.length;
  let solid = 0;
  const from = Math.max(0, text.length - tailLengthMax);
  for (let at = text.length - 1; at >= from && solid < redactableLengthMin - 1; at -= 1) {
    const unit = text.charCodeAt(at);
    if (!isBlank(unit) && !isBreak(unit)) solid += 1;
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

/** A head's characters from `position` on without breaks, and whether breaks cut it short. */
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
  /** The next position whose head is on one line, and the next whose head continues on another. */
  #inLine = -1;
  #overBreak = -1;
  #spellingsOverBreak = 0;
  /** Breaks before this position have been examined. */
  #breakFrom = 0;
  #spellings = 0;

  constructor(heads: HeadTables, text: string) {
    this.#heads = heads;
    this.#text = text;
  }

  /** A bit for each spelling to read the last found position in. */
  get spellings(): number {
    return this.#spellings;
  }

  /** The next position at or after `from`, which must not decrease; the text's length if none. */
  next(from: number): number {
    const text = this.#text;
    const last = text.length - redactableLengthMin;
    if (this.#inLine < from) this.#inLine = this.#heads.next(text, from, last);
    if (this.#overBreak < from) this.#overBreak = this.#nextOverBreak(from);
    if (this.#overBreak < this.#inLine) {
      this.#spellings = this.#spellingsOverBreak;
      return this.#overBreak;
    }
    if (this.#inLine > last) return text.length;
    this.#spellings = this.#heads.spellingsAt(text, this.#inLine);
    return this.#inLine;
  }

  #nextOverBreak(from: number): number {
    const text = this.#text;
    const { length } = text;
    let at = Math.max(from, this.#breakFrom);
    for (;;) {
      const newline = text.indexOf("\n", at);
      if (newline < 0 || newline + 1 === length) return length;
      const isPair = text.charCodeAt(newline - 1) === carriageReturn;
      const end = isPair ? newline - 1 : newline;
      if (end > from && this.#mayGoOn(end, newline + 1)) {
        const place = this.#placeBefore(end, from);
        if (place < end) return place;
      }
      at = newline + 1;
      this.#breakFrom = at;
    }
  }

  /**
   * Whether a head may begin on the line that ends at `end` and continue on the next. Such a head
   * holds the line's last character and three after the break, or its last three and one after it.
   */
  #mayGoOn(end: number, next: number): boolean {
    const text = this.#text;
    const last = text.charCodeAt(end - 1);
    const first = text.charCodeAt(next);
    const second = text.charCodeAt(next + 1);
    const third = text.charCodeAt(next + 2);
    if (isBlank(first) || isBreak(first) || isBreak(second) || isBreak(third)) return true;
    if (this.#heads.hasBlock(last, first, second, third)) return true;
    return this.#heads.hasBlock(text.charCodeAt(end - 3), text.charCodeAt(end - 2), last, first);
  }

  /** The first position from `from` on whose head continues past `end`; `end` if there is none. */
  #placeBefore(end: number, from: number): number {
    const text = this.#text;
    let first = end;
    const earliest = Math.max(from, end - redactableLengthMin + 1);
    while (first > earliest && !isBreak(text.charCodeAt(first - 1))) first -= 1;
    const plain = this.#around(first, end, false);
    const isIndented = isBlank(text.charCodeAt(end + breakLengthAt(text, end)));
    const joined = isIndented || plain.isFolded ? this.#around(first, end, true) : plain;
    for (let at = first; at < end; at += 1) {
      const mask = this.#heads.spellingsIn(plain.codes, at - first);
      this.#spellingsOverBreak =
        plain === joined
          ? mask
          : (mask & ~deindented) | (this.#heads.spellingsIn(joined.codes, at - first) & deindented);
      if (this.#spellingsOverBreak !== 0) return at;
    }
    return end;
  }

  /** The characters from `first` on, and as many after the break at `end` as a head may have. */
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
