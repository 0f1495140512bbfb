/** Archives that tests make by hand, byte by byte. */
import { constants, deflateRawSync, gzipSync } from "node:zlib";

/** RFC 8878, section 3.1.2: sixteen magic numbers, a size, and data of anybody's. */
export function skippable(index: number, sizeBytes: number): Buffer {
  const frame = Buffer.alloc(8 + sizeBytes, 1);
  frame.writeUInt32LE(0x18_4d_2a_50 + index);
  frame.writeUInt32LE(sizeBytes, 4);
  return frame;
}

/** RFC 1952, section 2.3: the optional fields of a member's header. */
export function withFields(member: Buffer): Buffer {
  const begin = Buffer.from(member.subarray(0, 10));
  begin[3] = 0x1e;
  const extra = Buffer.from([3, 0, 0, 0, 0]);
  const texts = Buffer.from("name\0comment\0");
  return Buffer.concat([begin, extra, texts, Buffer.from([1, 2]), member.subarray(10)]);
}

export const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** RFC 8878, section 3.1.1: a frame of one block that isn't compressed. */
export function frameOf(content: string, { window = 0, isLast = true } = {}): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE(Buffer.byteLength(content) * 8 + (isLast ? 1 : 0), 0, 3);
  return Buffer.concat([zstdMagic, Buffer.from([0, window]), block, Buffer.from(content)]);
}

/** A whole block, and then one of a type that doesn't exist: RFC 1951, section 3.2.3. */
export function damagedGzip(content: string): Buffer {
  const whole = deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH });
  return Buffer.concat([gzipSync("").subarray(0, 10), whole, Buffer.from([0x07])]);
}
