/** Reads a text from one position in each spelling in turn, as long as units match. */
import { ended, isBreak } from "./breaks.ts";
import type { SortedUnits } from "./form-index.ts";
import type { RedactionPlan } from "./plan.ts";
import { Reader } from "./reader.ts";
import { indexOf, type Order, spellings, wide } from "./spellings.ts";

export interface Match {
  readonly key: string;
  readonly end: number;
}

export interface FoundUnit {
  /** The longest unit that matches. */
  readonly longest: Match | null;
  /** A longer unit that may still match, depending on text that hasn't arrived. */
  readonly undecided: Match | null;
}

/** Units that read alike so far: a range of places, and the symbol that is compared next. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly symbol: number;
}

const anySign = /[\\%+'"&]/;
const withSigns = spellings.reduce(
  (mask, { signs }, index) => (signs === null ? mask : mask | (1 << index)),
  0,
);
/** How a text is read at one position: the spellings as bits, and the byte order. */
interface Look {
  readonly mask: number;
  readonly order: Order;
}

const plainIndex = indexOf("plain");
const everySpelling = 2 ** spellings.length - 1;

export class Walker {
  readonly #plan: RedactionPlan;
  readonly #reader: Reader;
  #steps = 0;
  #longest: Match | null = null;
  #undecided: Match | null = null;

  constructor(plan: RedactionPlan) {
    this.#plan = plan;
    this.#reader = new Reader(plan.isBytes);
  }

  /**
   * How many symbols have been compared; this is the cost of the search besides finding positions.
   */
  get steps(): number {
    return this.#steps;
  }

  /** What begins at `position`, read in the spellings of `mask`; null if nothing does. */
  match(text: string, position: number, mask: number): FoundUnit | null {
    this.#longest = null;
    this.#undecided = null;
    this.#walkAll(text, position, { mask: mask & everySpelling, order: "utf8" });
    if ((mask & wide) !== 0) {
      this.#walkAll(text, position, { mask: everySpelling, order: "little" });
      this.#walkAll(text, position, { mask: everySpelling, order: "big" });
    }
    const [longest, undecided] = [this.#longest, this.#undecided];
    return longest === null && undecided === null ? null : { longest, undecided };
  }

  #walkAll(text: string, position: number, { mask, order }: Look): void {
    let rest = mask;
    while (rest !== 0) {
      const index = 31 - Math.clz32(rest & -rest);
      this.#walk(text, position, { index, order });
      rest &= rest - 1;
      if (index === plainIndex) rest &= ~readAsPlain(text.slice(position, this.#reader.at));
    }
  }

  #walk(
    text: string,
    position: number,
    { index, order }: Omit<Look, "mask"> & { index: number },
  ): void {
    const { sorted, units } = this.#plan;
    const [list, spelling] = [sorted[index], spellings[index]];
    if (list === undefined || spelling === undefined) return;
    const reader = this.#reader;
    reader.start(text, position, spelling, order);
    let from = 0;
    let to = 0;
    for (let depth = 0; depth === 0 || from < to; depth += 1) {
      const symbol = reader.next();
      if (symbol === ended) {
        this.#undecided ??= { key: units.keyOf(list.unitAt(from)), end: endOfLine(text) };
      }
      if (symbol < 0) return;
      this.#steps += 1;
      if (depth === 0) {
        from = list.firstOf(symbol);
        to = list.firstOf(symbol + 1);
      } else if (list.symbolAt(from, depth) !== symbol) {
        from = this.#bound(list, { from: from + 1, to, depth, symbol });
        if (from === to || list.symbolAt(from, depth) !== symbol) return;
      }
      if (to - from > 1 && list.symbolAt(to - 1, depth) !== symbol) {
        to = this.#bound(list, { from: from + 1, to: to - 1, depth, symbol: symbol + 1 });
      }
      if (from < to && list.lengthAt(from) === depth + 1) {
        if (reader.at > (this.#longest?.end ?? 0)) {
          this.#longest = { key: units.keyOf(list.unitAt(from)), end: reader.at };
        }
        from += 1;
      }
    }
  }

  /** The first place in the range whose symbol is `symbol` or later; `to` if there is none. */
  #bound(list: SortedUnits, { from, to, depth, symbol }: Range): number {
    let [low, high] = [from, to];
    while (low < high) {
      this.#steps += 1;
      const middle = (low + high) >>> 1;
      if (list.symbolAt(middle, depth) < symbol) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where the text's last line ends. Its break doesn't belong to a unit that may continue. */
function endOfLine(text: string): number {
  let end = text.length;
  while (end > 0 && isBreak(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

/** The spellings that read `text` as plain text does, so they needn't be tried. */
function readAsPlain(text: string): number {
  if (!anySign.test(text)) return withSigns;
  return spellings.reduce(
    (mask, { signs }, index) => (signs?.test(text) === false ? mask | (1 << index) : mask),
    0,
  );
}
