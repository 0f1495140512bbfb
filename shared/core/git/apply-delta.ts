/** An object of a pack that is stored as the difference to another one. */
import { damaged } from "./git-fault.ts";

/** @throws {GitFault} If it doesn't fit the base, or makes more than `bytesMax`. */
export function applyDelta(base: Buffer, delta: Buffer, bytesMax: number): Buffer {
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
      if (value > bytesMax) throw damaged("An object of a pack");
      if ((next & 0x80) === 0) return value;
    }
  };
  if (size() !== base.length) throw damaged("An object of a pack");
  const result = Buffer.alloc(size());
  let written = 0;
  while (cursor.offset < delta.length) {
    const command = byte();
    const isCopy = (command & 0x80) !== 0;
    const from = isCopy ? numberOf(command, 4, byte) : cursor.offset;
    const length = isCopy ? numberOf(command >> 4, 3, byte) || 0x1_0000 : command;
    const source = isCopy ? base : delta;
    const isWithin = from + length <= source.length && written + length <= result.length;
    if (length === 0 || !isWithin) throw damaged("An object of a pack");
    source.copy(result, written, from, from + length);
    written += length;
    if (!isCopy) cursor.offset += length;
  }
  if (written !== result.length) throw damaged("An object of a pack");
  return result;
}

/** Each bit of `present` says whether its byte was written; one that wasn't is 0. */
function numberOf(present: number, bytes: number, byte: () => number): number {
  let value = 0;
  for (let index = 0; index < bytes; index += 1) {
    if ((present & (1 << index)) !== 0) value += byte() * 2 ** (8 * index);
  }
  return value;
}
