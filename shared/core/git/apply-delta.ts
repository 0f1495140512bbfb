/** An object of a pack that is stored as the difference to another one. */
import { damaged } from "./git-fault.ts";
import type { ReadBudget } from "./read-budget.ts";

/** @throws {GitFault} If it doesn't fit the base, or makes more than `bytesMax`. */
export function* applyDelta(
  base: Buffer,
  delta: Buffer,
  { bytesMax, budget }: { readonly bytesMax: number; readonly budget: ReadBudget },
): Generator<void, Buffer> {
  const cursor = { offset: 0 };
  const byte = () => {
    const value = delta[cursor.offset];
    if (value === undefined) throw damaged("An object of a pack");
    cursor.offset += 1;
    return value;
  };
  const size = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (value > bytesMax || shift > 63) throw damaged("An object of a pack");
      if ((next & 0x80) === 0) return value;
    }
  };
  if (size() !== base.length) throw damaged("An object of a pack");
  const length = size();
  budget.spend("unpackedBytes", length);
  const result = Buffer.alloc(length);
  let written = 0;
  while (cursor.offset < delta.length) {
    const copied = copyNext({ base, delta, result, written, cursor, byte });
    if (budget.work(10 + copied / 64)) yield;
    written += copied;
  }
  if (written !== result.length) throw damaged("An object of a pack");
  return result;
}

interface Copying {
  readonly base: Buffer;
  readonly delta: Buffer;
  readonly result: Buffer;
  readonly written: number;
  readonly cursor: { offset: number };
  readonly byte: () => number;
}

/** Does one command, and says how many bytes it made. */
function copyNext({ base, delta, result, written, cursor, byte }: Copying): number {
  const command = byte();
  const isCopy = (command & 0x80) !== 0;
  const from = isCopy ? numberOf(command, 4, byte) : cursor.offset;
  const length = isCopy ? numberOf(command >> 4, 3, byte) || 0x1_0000 : command;
  const source = isCopy ? base : delta;
  const isWithin = from + length <= source.length && written + length <= result.length;
  if (length === 0 || !isWithin) throw damaged("An object of a pack");
  source.copy(result, written, from, from + length);
  if (!isCopy) cursor.offset += length;
  return length;
}

/** Each bit of `present` says whether its byte was written; one that wasn't is 0. */
function numberOf(present: number, bytes: number, byte: () => number): number {
  let value = 0;
  for (let index = 0; index < bytes; index += 1) {
    if ((present & (1 << index)) !== 0) value += byte() * 2 ** (8 * index);
  }
  return value;
}
