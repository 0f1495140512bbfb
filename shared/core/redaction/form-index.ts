/** Units sorted by their symbols in one spelling, which tells units with equal beginnings apart. */
import { assert } from "../assert.ts";
import type { Unit } from "./units.ts";

/** The bytes of all units in one buffer. */
export class UnitStore {
  readonly keys: readonly string[];
  readonly bytes: Uint8Array;
  /** The offset of each unit, and the end of the last one. */
  readonly starts: Uint32Array;
  readonly #keyOf: Uint16Array;

  constructor(units: readonly Unit[]) {
    this.keys = [...new Set(units.map(({ key }) => key))];
    assert(this.keys.length <= 2 ** 16);
    const byKey = new Map(this.keys.map((key, index) => [key, index]));
    this.starts = new Uint32Array(units.length + 1);
    this.#keyOf = new Uint16Array(units.length);
    let length = 0;
    for (const [index, { key, text }] of units.entries()) {
      this.#keyOf[index] = byKey.get(key) ?? 0;
      length += Buffer.byteLength(text);
      this.starts[index + 1] = length;
    }
    // One spare byte, so that a symbol may be read past the end of the last unit.
    const bytes = Buffer.alloc(length + 1);
    for (const [index, { text }] of units.entries()) bytes.write(text, this.starts[index] ?? 0);
    this.bytes = bytes;
  }

  get count(): number {
    return this.#keyOf.length;
  }

  keyOf(unit: number): string {
    return this.keys[this.#keyOf[unit] ?? 0] ?? "";
  }
}

export interface Symbols {
  readonly width: 6 | 8;
  /** How many bits before the first symbol belong to no symbol. */
  readonly skipped: 0 | 2 | 4;
}

export class SortedUnits {
  readonly #store: UnitStore;
  readonly #symbols: Symbols;
  readonly #order: Uint32Array;
  /** For each symbol, where the units that begin with it or a later one start. */
  readonly #firsts: Uint32Array;

  constructor(store: UnitStore, symbols: Symbols) {
    this.#store = store;
    this.#symbols = symbols;
    const order = Uint32Array.from({ length: store.count }, (_, unit) => unit);
    order.sort((a, b) => this.#compare(a, b) || a - b);
    // Among units that read the same, keeps the one of the earliest secret.
    this.#order = order.filter(
      (unit, place) => place === 0 || this.#compare(unit, order[place - 1] ?? 0) !== 0,
    );
    this.#firsts = new Uint32Array(2 ** symbols.width + 1);
    let place = 0;
    for (let symbol = 0; symbol < this.#firsts.length; symbol += 1) {
      while (place < this.#order.length && this.symbolAt(place, 0) < symbol) place += 1;
      this.#firsts[symbol] = place;
    }
  }

  firstOf(symbol: number): number {
    return this.#firsts[symbol] ?? 0;
  }

  unitAt(place: number): number {
    return this.#order[place] ?? 0;
  }

  /** How many symbols the unit at this place has. */
  lengthAt(place: number): number {
    return this.#lengthOf(this.unitAt(place));
  }

  /** The unit's symbol at `depth`; -1 past its last one. */
  symbolAt(place: number, depth: number): number {
    return this.#symbolOf(this.unitAt(place), depth);
  }

  #lengthOf(unit: number): number {
    const { starts } = this.#store;
    const length = (starts[unit + 1] ?? 0) - (starts[unit] ?? 0);
    const { width, skipped } = this.#symbols;
    return width === 8 ? length : Math.floor((length * 8 - skipped) / 6);
  }

  #symbolOf(unit: number, depth: number): number {
    if (depth >= this.#lengthOf(unit)) return -1;
    const { bytes, starts } = this.#store;
    const start = starts[unit] ?? 0;
    if (this.#symbols.width === 8) return bytes[start + depth] ?? -1;
    const bit = this.#symbols.skipped + depth * 6;
    const at = start + (bit >> 3);
    return ((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) >> (10 - (bit & 7))) & 63;
  }

  #compare(a: number, b: number): number {
    for (let depth = 0; ; depth += 1) {
      const symbol = this.#symbolOf(a, depth);
      const difference = symbol - this.#symbolOf(b, depth);
      if (difference !== 0 || symbol < 0) return difference;
    }
  }
}
