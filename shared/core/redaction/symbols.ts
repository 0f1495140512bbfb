/** What characters, digits and escapes stand for where a spelling is read. */
import { foreign } from "./breaks.ts";

/** Marks a byte of UTF-8 that was spelled out, to tell it from a character. */
export const byteFlag = 0x100_0000;
export const code = (character: string) => character.charCodeAt(0);
export const controls = new Map(
  Object.entries({ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, e: 27, E: 27 }).map(
    ([letter, unit]) => [code(letter), unit],
  ),
);
const named = new Map(Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }));
const numbered = /^#(?:[xX][0-9A-Fa-f]{0,6}|[0-9]{0,7})$/;
export const sextets = tableOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
sextets[code("-")] = 62;
sextets[code("_")] = 63;
const digits = tableOf("0123456789abcdef");
for (const [index, digit] of [..."ABCDEF"].entries()) digits[code(digit)] = 10 + index;

function tableOf(alphabet: string): Int8Array {
  const table = new Int8Array(128).fill(foreign);
  for (const [index, character] of [...alphabet].entries()) table[code(character)] = index;
  return table;
}

export function digitOf(unit: number, base: number): number {
  const digit = digits[unit] ?? foreign;
  return digit < base ? digit : foreign;
}

export function asByte(value: number): number {
  return value < 128 ? value : byteFlag + value;
}

/**
 * How many bytes of a character's UTF-8 follow this one.
 * @param left How many followed the one before; 0 if this one may begin a character.
 */
export function othersLeft(left: number, byte: number): number {
  if (left > 0) return left - 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
}

export function asPoint(value: number): number {
  return value > 0x10_ffff ? foreign : value;
}

export function isAlphanumeric(unit: number): boolean {
  return unit < 128 && /[A-Za-z0-9]/.test(String.fromCharCode(unit));
}

export function beginsEntity(name: string): boolean {
  return numbered.test(name) || [...named.keys()].some((known) => known.startsWith(name));
}

export function entityOf(name: string): number {
  const character = named.get(name);
  if (character !== undefined) return code(character);
  const [, hex, decimal] = /^#(?:[xX]([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
  if (hex !== undefined) return asPoint(Number.parseInt(hex, 16));
  return decimal === undefined ? foreign : asPoint(Number.parseInt(decimal, 10));
}
