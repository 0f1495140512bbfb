/** The part of ASN.1's distinguished encoding that a certificate needs (X.690). */

const shortLengthMax = 0x7f;

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length <= shortLengthMax) return Buffer.of(length);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
export const octets = (bytes: Uint8Array) => der(0x04, bytes);
/** @param unusedBits the number of unused bits in the last byte. */
export const bits = (bytes: Uint8Array, unusedBits = 0) => der(0x03, Buffer.of(unusedBits), bytes);
export const yes = der(0x01, Buffer.of(0xff));

/** Encodes a non-negative number; a leading 1 bit gets a zero byte before it. */
export function integer(bytes: Uint8Array): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return der(0x02, isNegative ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** An object identifier, as `1.2.840.10045.4.3.2`. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(0x06, Buffer.of(first * 40 + second), ...rest.map(base128));
}

function base128(arc: number): Buffer {
  const digits: number[] = [arc & 0x7f];
  for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
  return Buffer.from(digits);
}

/** For years before 2050. */
export function utcTime(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/\.\d+|[-:T]/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}
