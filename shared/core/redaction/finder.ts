/** Finds the places of one text where a unit may begin, also where its lines are folded. */
import { afterBreaks, breakLengthAt, foreign, isBlank, isBreak } from "./breaks.ts";
import { ignoresIndents, spellings } from "./spellings.ts";
import type { HeadTables } from "./tables.ts";
import { redactableLengthMin } from "./units.ts";

const carriageReturn = 13;
const deindented = spellings.reduce(
  (mask, spelling, index) => (ignoresIndents(spelling) ? mask | (1 << index) : mask),
  0,
);

/** Further before a text's end nothing begins of which less than a head is there. */
const tailLengthMax = 512;

/** From where on a text might end in the first characters of a head. */
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

function mayBeginAt(heads: HeadTables, text: string, at: number): boolean {
  const isShort = text.length - at < redactableLengthMin;
  if (isShort && heads.hasPrefix(text.slice(at))) return true;
  if (isBreak(text.charCodeAt(at))) return false;
  return [false, true].some((indents) => {
    const { joined, isCut } = joinedFrom(text, at, indents);
    return !isCut && joined.length < redactableLengthMin && heads.hasPrefix(joined);
  });
}

/** A head's characters from `at` on without breaks, and whether it is cut as there are too many. */
function joinedFrom(text: string, at: number, indents: boolean) {
  let joined = "";
  let next = at;
  while (next >= 0 && joined.length < redactableLengthMin) {
    joined += text.charAt(next);
    next = afterBreaks(text, next + 1, indents);
  }
  return { joined, isCut: next === foreign };
}

export class PlaceFinder {
  readonly #heads: HeadTables;
  readonly #text: string;
  /** The next place whose head is in one line, and the next whose head goes on in another one. */
  #inLine = -1;
  #overBreak = -1;
  #spellingsOverBreak = 0;
  /** Breaks before it have been looked at. */
  #breakFrom = 0;
  #spellings = 0;

  constructor(heads: HeadTables, text: string) {
    this.#heads = heads;
    this.#text = text;
  }

  /** Of the place found last: a bit for each spelling to read it in. */
  get spellings(): number {
    return this.#spellings;
  }

  /** The next one from `from` on, which never goes back; the text's length if there is none. */
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
   * Whether a head may begin in the line that ends at `end`, and go on in the next one: each such
   * holds the line's last character and three behind it, or its last three and one behind them.
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

  /** The first place, from `from` on, whose head goes on behind `end`; that if there is none. */
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

  /** The characters from `first` on, and behind the break at `end` as many as a head may have. */
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
