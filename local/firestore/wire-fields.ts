/** Parses protobuf's wire format just far enough to count a message's fields. */

/**
 * How often each of `fields` occurs at the top level of `message`.
 *
 * @throws {RangeError} if the bytes end within a field.
 */
export function countFields(message: Uint8Array, ...fields: readonly number[]): number {
  let count = 0;
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at];
      if (byte === undefined) throw new RangeError("The message ends within a field.");
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if (fields.includes(Math.floor(tag / 8))) count += 1;
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 2) {
      const length = varint();
      at += length;
    } else if (wireType === 5) at += 4;
    else throw new RangeError(`Unknown wire type ${wireType}.`);
  }
  if (at > message.length) throw new RangeError("The message ends within a field.");
  return count;
}
