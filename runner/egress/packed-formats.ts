/** Compressed formats that show by their first bytes what they are. */
import type { Transform } from "node:stream";
import { createInflateRaw, createZstdDecompress } from "node:zlib";

export type Decoder = Transform & {
  /** How many bytes it has consumed. */
  readonly bytesWritten: number;
};

export interface PackedFormat {
  /** Whether data of this format begins so; undefined if more bytes are needed to tell. */
  readonly matches: (begin: Buffer) => boolean | undefined;
  /** Takes the header's bytes one by one; returns how many bytes after it aren't compressed. */
  readonly header: () => Generator<void, number, number>;
  /** Null if nothing is compressed. */
  readonly makeDecoder: (() => Decoder) | null;
  /** What follows the compressed bytes: checksums. */
  readonly trailerBytes: number;
}

/** RFC 1952, section 2.3.1. */
const gzipFlags = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10 };
/** RFC 1950, section 2.2: method 8 with a window of 32 KiB at most, and a check on both bytes. */
const zlib = { method: 8, windowMax: 7, dictionary: 0x20, divisor: 31 };

/**
 * Headers and trailers of gzip and zlib are skipped instead of decoded: their decoders discard what
 * they have decoded if what follows a stream's end isn't one.
 */
export const packedFormats: readonly PackedFormat[] = [
  {
    matches: (begin) => beginsWith(begin, [[0x1f], [0x8b], [0x08]]),
    header: gzipHeader,
    makeDecoder: createInflateRaw,
    trailerBytes: 8,
  },
  { matches: isZlib, header: () => skip(2), makeDecoder: createInflateRaw, trailerBytes: 4 },
  {
    matches: (begin) => beginsWith(begin, [[0x28], [0xb5], [0x2f], [0xfd]]),
    header: () => skip(0),
    makeDecoder: createZstdDecompress,
    trailerBytes: 0,
  },
  {
    // RFC 8878, section 3.1.2: frames that a decoder skips.
    matches: (begin) => beginsWith(begin, [sixteenFrom(0x50), [0x2a], [0x4d], [0x18]]),
    header: skippableHeader,
    makeDecoder: null,
    trailerBytes: 0,
  },
];

/** @param bytes The values that each byte may have. */
function beginsWith(begin: Buffer, bytes: readonly (readonly number[])[]): boolean | undefined {
  const isPossible = bytes.every((values, index) => {
    const byte = begin[index];
    return byte === undefined || values.includes(byte);
  });
  if (!isPossible) return false;
  return begin.length < bytes.length ? undefined : true;
}

function sixteenFrom(first: number): number[] {
  return Array.from({ length: 16 }, (_, index) => first + index);
}

/** A preset dictionary isn't in the data, so what needs one can't be looked into. */
function isZlib(begin: Buffer): boolean | undefined {
  const [first, second] = begin;
  if (first === undefined) return undefined;
  const isDeflate = (first & 0x0f) === zlib.method && first >> 4 <= zlib.windowMax;
  if (!isDeflate) return false;
  if (second === undefined) return undefined;
  return (first * 256 + second) % zlib.divisor === 0 && (second & zlib.dictionary) === 0;
}

function* skip(count: number): Generator<void, number, number> {
  for (let skipped = 0; skipped < count; skipped += 1) yield;
  return 0;
}

function* gzipHeader(): Generator<void, number, number> {
  yield* skip(3);
  const flags = yield;
  yield* skip(6);
  if (flags & gzipFlags.extra) {
    const low = yield;
    yield* skip(low + 256 * (yield));
  }
  for (const text of [gzipFlags.name, gzipFlags.comment]) {
    if (flags & text) while ((yield) !== 0);
  }
  if (flags & gzipFlags.headerCrc) yield* skip(2);
  return 0;
}

function* skippableHeader(): Generator<void, number, number> {
  yield* skip(4);
  let sizeBytes = 0;
  for (const factor of [1, 2 ** 8, 2 ** 16, 2 ** 24]) sizeBytes += factor * (yield);
  return sizeBytes;
}
