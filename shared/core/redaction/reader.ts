/** Reads a text in one spelling, symbol by symbol; a symbol is a byte, or 6 bits of base64. */
import { afterBreaks, ended, foreign } from "./breaks.ts";
import { ignoresIndents, type Layer, type Order, type Spelling } from "./spellings.ts";
import {
  asByte,
  asPoint,
  beginsEntity,
  byteFlag,
  code,
  controls,
  digitOf,
  entityOf,
  isAlphanumeric,
  othersLeft,
  sextets,
} from "./symbols.ts";

const [backslash, percent, plus, slash] = ["\\", "%", "+", "/"].map(code);
const [single, double, blank] = ["'", '"', " "].map(code);
const [ampersand, semicolon, braceOpen, braceClosed] = ["&", ";", "{", "}"].map(code);

export class Reader {
  readonly #isBytes: boolean;
  #text = "";
  #from = 0;
  #at = 0;
  #layers: readonly Layer[] = [];
  #order: Order = "utf8";
  #ignoresIndents = false;
  #isInDouble = false;
  /** The remaining UTF-8 bytes of a character, the next one lowest. */
  #rest = 0;
  /** How many escapes follow that spell the other bytes of a character. */
  #spelledLeft = 0;

  /** @param isBytes whether a text's characters are bytes that were decoded as Latin-1. */
  constructor(isBytes: boolean) {
    this.#isBytes = isBytes;
  }

  start(text: string, position: number, spelling: Spelling, order: Order): void {
    this.#text = text;
    this.#from = position;
    this.#at = position;
    this.#layers = spelling.layers;
    this.#order = order;
    this.#ignoresIndents = ignoresIndents(spelling);
    this.#isInDouble = false;
    this.#rest = 0;
    this.#spelledLeft = 0;
  }

  /** The position after the last symbol. */
  get at(): number {
    return this.#at;
  }

  /** The next symbol; `ended` if more text is needed to tell, `foreign` if there is none. */
  next(): number {
    if (this.#rest > 0) {
      const byte = this.#rest & 255;
      this.#rest >>>= 8;
      return byte;
    }
    const unit = this.#read(this.#layers.length - 1);
    if (unit < 128) return unit;
    return unit >= byteFlag ? unit - byteFlag : this.#spread(unit);
  }

  /** Returns the first byte of a character; the next calls return the others. */
  #spread(unit: number): number {
    const point = unit >= 0xd800 && unit < 0xdc00 ? this.#whole(unit) : unit;
    if (point < 0) return point;
    const isHalf = point >= 0xd800 && point < 0xe000;
    const [first = 0, ...others] = Buffer.from(isHalf ? "\ufffd" : String.fromCodePoint(point));
    this.#rest = others.reduceRight((rest, byte) => (rest << 8) | byte, 0);
    return first;
  }

  /** The character whose first half is `high`, or that half alone if its second half is missing. */
  #whole(high: number): number {
    const [at, isInDouble] = [this.#at, this.#isInDouble];
    const low = this.#read(this.#layers.length - 1);
    if (low === ended) return ended;
    if (low >= 0xdc00 && low < 0xe000) return 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    this.#at = at;
    this.#isInDouble = isInDouble;
    return high;
  }

  /** A character, or a flagged byte, after decoding the layers up to `level`. */
  #read(level: number): number {
    const layer = level < 0 ? undefined : this.#layers[level];
    if (layer === undefined) return this.#raw();
    switch (layer) {
      case "backslash":
        return this.#unescaped(level - 1);
      case "percent":
        return this.#percentDecoded(level - 1, plus);
      case "form":
        return this.#percentDecoded(level - 1, blank);
      case "shell":
        return this.#shellUnquoted(level - 1);
      case "singleQuotesTwice":
        return this.#onceOf(single, level - 1);
      case "doubleQuotesTwice":
        return this.#onceOf(double, level - 1);
      case "entity":
        return this.#entityDecoded(level - 1);
      case "hex":
        return this.#hexByte(level - 1);
      case "base64":
        return this.#sextet();
    }
  }

  /** The next character, skipping line breaks; no unit begins with a break. */
  #raw(): number {
    const text = this.#text;
    let at = this.#at;
    if (this.#order !== "utf8") return this.#rawWide();
    let unit = at < text.length ? text.charCodeAt(at) : 0;
    if (unit < 14) {
      const next = afterBreaks(text, at, this.#ignoresIndents);
      if (next < 0) return next;
      if (next > at && at === this.#from) return foreign;
      at = next;
      unit = text.charCodeAt(at);
    }
    this.#at = at + 1;
    return this.#isBytes && unit > 127 ? byteFlag + (unit & 255) : unit;
  }

  /** Doesn't skip line breaks. */
  #rawWide(): number {
    const [first, second] = [this.#text.charCodeAt(this.#at), this.#text.charCodeAt(this.#at + 1)];
    if (Number.isNaN(second)) return ended;
    this.#at += 2;
    return this.#order === "little" ? first | (second << 8) : (first << 8) | second;
  }

  #unescaped(level: number): number {
    const unit = this.#read(level);
    if (unit !== backslash) return unit;
    const next = this.#read(level);
    if (next < 0) return next;
    const control = controls.get(next);
    if (control !== undefined) return control;
    if (next === code("x")) return this.#byteOrPoint(level);
    if (next === code("U")) return asPoint(this.#number(level, { count: 8, base: 16 }));
    if (next === code("u")) return this.#unicode(level);
    if (next >= code("0") && next <= code("3")) {
      const value = this.#number(level, { count: 3, base: 8, first: next });
      if (value >= 0x80) this.#spelledLeft = othersLeft(this.#spelledLeft, value);
      return value < 0 ? value : asByte(value);
    }
    return isAlphanumeric(next) ? foreign : next;
  }

  /**
   * Reads what follows `\x`: a byte of UTF-8 if the escapes around it spell a whole character, and
   * the character of that number otherwise, as in the texts of Python, JavaScript and YAML.
   */
  #byteOrPoint(level: number): number {
    const value = this.#number(level, { count: 2, base: 16 });
    if (value < 0x80) return value;
    if (this.#spelledLeft === 0) {
      const isSpelled = this.#spellsOthers(level, othersLeft(0, value));
      if (isSpelled !== 1) return isSpelled === ended ? ended : value;
    }
    this.#spelledLeft = othersLeft(this.#spelledLeft, value);
    return byteFlag + value;
  }

  /** Whether the next escapes spell so many further bytes of a character: 1 or 0, or `ended`. */
  #spellsOthers(level: number, count: number): number {
    const [at, isInDouble] = [this.#at, this.#isInDouble];
    let answer = Math.min(count, 1);
    for (let index = 0; index < count && answer === 1; index += 1) {
      const byte = this.#spelledByte(level);
      answer = byte === ended ? ended : byte >= 0x80 && byte <= 0xbf ? 1 : 0;
    }
    this.#at = at;
    this.#isInDouble = isInDouble;
    return answer;
  }

  /** The value of `\xHH`, or of three octal digits behind a backslash. */
  #spelledByte(level: number): number {
    const first = this.#read(level);
    if (first !== backslash) return first === ended ? ended : foreign;
    const kind = this.#read(level);
    if (kind === code("x")) return this.#number(level, { count: 2, base: 16 });
    if (kind < code("2") || kind > code("3")) return kind === ended ? ended : foreign;
    return this.#number(level, { count: 3, base: 8, first: kind });
  }

  /** Reads what follows `\u`: four digits, or several in braces. */
  #unicode(level: number): number {
    const first = this.#read(level);
    if (first !== braceOpen) return this.#number(level, { count: 4, base: 16, first });
    let value = 0;
    for (let count = 0; count < 7; count += 1) {
      const unit = this.#read(level);
      if (unit === braceClosed && count > 0) return asPoint(value);
      const digit = unit < 0 ? unit : digitOf(unit, 16);
      if (digit < 0) return digit;
      value = value * 16 + digit;
    }
    return foreign;
  }

  #percentDecoded(level: number, ofPlus: number | undefined): number {
    const unit = this.#read(level);
    if (unit === plus) return ofPlus ?? unit;
    return unit === percent ? asByte(this.#number(level, { count: 2, base: 16 })) : unit;
  }

  /** A quote is written `'\''`, several as `'"'"'`; anything else ends the quoted text. */
  #shellUnquoted(level: number): number {
    let unit = this.#read(level);
    if (this.#isInDouble) {
      if (unit !== double) return unit === single || unit < 0 ? unit : foreign;
      const closed = this.#read(level);
      if (closed !== single) return closed === ended ? ended : foreign;
      this.#isInDouble = false;
      unit = this.#read(level);
    }
    if (unit !== single) return unit;
    const next = this.#read(level);
    this.#isInDouble = next === double;
    if (this.#isInDouble) return this.#only(single, level);
    if (next !== backslash) return next === ended ? ended : foreign;
    const quote = this.#only(single, level);
    return quote < 0 ? quote : this.#only(single, level);
  }

  #onceOf(quote: number | undefined, level: number): number {
    const unit = this.#read(level);
    return unit === quote ? this.#only(unit, level) : unit;
  }

  #only(wanted: number | undefined, level: number): number {
    const unit = this.#read(level);
    return unit === wanted || unit === ended ? unit : foreign;
  }

  #entityDecoded(level: number): number {
    const unit = this.#read(level);
    if (unit !== ampersand) return unit;
    let name = "";
    for (;;) {
      const next = this.#read(level);
      if (next < 0) return next;
      if (next === semicolon) return entityOf(name);
      if (next >= byteFlag) return foreign;
      name += String.fromCharCode(next);
      // Otherwise the text's end would be taken for the end of an unfinished secret.
      if (!beginsEntity(name)) return foreign;
    }
  }

  #hexByte(level: number): number {
    return asByte(this.#number(level, { count: 2, base: 16 }));
  }

  /** Also accepts the two that aren't letters or digits as URLs and JSON write them. */
  #sextet(): number {
    const unit = this.#raw();
    if (unit < 0) return unit;
    if (unit !== backslash && unit !== percent) return sextets[unit] ?? foreign;
    const spelled = unit === backslash ? this.#raw() : this.#number(-1, { count: 2, base: 16 });
    if (spelled < 0) return spelled;
    const isSpelled = spelled === slash || (spelled === plus && unit === percent);
    return isSpelled ? (sextets[spelled] ?? foreign) : foreign;
  }

  #number(
    level: number,
    {
      count,
      base,
      first,
    }: { readonly count: number; readonly base: number; readonly first?: number },
  ): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const unit = index === 0 && first !== undefined ? first : this.#read(level);
      const digit = unit < 0 ? unit : digitOf(unit, base);
      if (digit < 0) return digit;
      value = value * base + digit;
    }
    return value;
  }
}
