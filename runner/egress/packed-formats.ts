/** Compressed formats that show by their first bytes what they are. */
import type { Transform } from "node:stream";
import { createInflateRaw, createZstdDecompress } from "node:zlib";

export type Decoder = Transform & {
  /** How many bytes it has consumed. */
  readonly bytesWritten: number;
};

/** The next bytes of a stream, and what they are. */
export interface Part {
  /** How many; infinite if only the decoder finds the end. */
  readonly bytes: number;
  /**
   * - `field`: the parser needs them.
   * - `rest`: a checksum, or what decoders skip.
   * - `stream`: the decoder gives what is in them as they come.
   * - `block`: what is in them comes with the last of them.
   */
  readonly what: "field" | "rest" | "stream" | "block";
}

/** Says what comes next, and gets the bytes of each field. It ends where the stream ends. */
export type Parser = Generator<Part, void, Buffer>;

export interface PackedFormat {
  /** Whether data of this format begins so; undefined if more bytes are needed to tell. */
  readonly matches: (begin: Buffer) => boolean | undefined;
  readonly parse: () => Parser;
  /** Null if nothing is compressed. */
  readonly makeDecoder: (() => Decoder) | null;
  /** What the decoder gets. */
  readonly decodes: "everything" | "streams alone";
  /** Whether what begins so and can't be decoded is damaged, rather than something else. */
  readonly isCertain: boolean;
}

/** RFC 1952, section 2.3.1. */
const gzipFlags = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10 };
/** RFC 1950, section 2.2: method 8 with a window of 32 KiB at most, and a check on both bytes. */
const zlib = { method: 8, windowMax: 7, dictionary: 0x20, divisor: 31 };

/** RFC 8878, sections 3.1.1.1 and 3.1.1.2. */
const zstd = { singleSegment: 0x20, checksum: 0x04, dictionaryIdBytes: [0, 1, 2, 4], runBlock: 1 };

/**
 * Headers and trailers of gzip and zlib are skipped instead of decoded: their decoders discard what
 * they have decoded if what follows a stream's end isn't one.
 */
export const packedFormats: readonly PackedFormat[] = [
  {
    matches: (begin) => beginsWith(begin, [[0x1f], [0x8b], [0x08]]),
    parse: parseGzip,
    makeDecoder: createInflateRaw,
    decodes: "streams alone",
    isCertain: true,
  },
  {
    matches: isZlib,
    parse: parseZlib,
    makeDecoder: createInflateRaw,
    decodes: "streams alone",
    isCertain: false,
  },
  {
    matches: (begin) => beginsWith(begin, [[0x28], [0xb5], [0x2f], [0xfd]]),
    parse: parseZstd,
    makeDecoder: createZstdDecompress,
    decodes: "everything",
    isCertain: true,
  },
  {
    // RFC 8878, section 3.1.2: frames that a decoder skips.
    matches: (begin) => beginsWith(begin, [sixteenFrom(0x50), [0x2a], [0x4d], [0x18]]),
    parse: parseSkippable,
    makeDecoder: null,
    decodes: "everything",
    isCertain: true,
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

function* parseGzip(): Parser {
  yield { bytes: 3, what: "rest" };
  const flags = yield* field(1);
  yield { bytes: 6, what: "rest" };
  if (flags & gzipFlags.extra) yield { bytes: yield* field(2), what: "rest" };
  for (const text of [gzipFlags.name, gzipFlags.comment]) {
    if (flags & text) while ((yield* field(1)) !== 0);
  }
  if (flags & gzipFlags.headerCrc) yield { bytes: 2, what: "rest" };
  yield { bytes: Number.POSITIVE_INFINITY, what: "stream" };
  yield { bytes: 8, what: "rest" };
}

function* parseZlib(): Parser {
  yield { bytes: 2, what: "rest" };
  yield { bytes: Number.POSITIVE_INFINITY, what: "stream" };
  yield { bytes: 4, what: "rest" };
}

function* parseZstd(): Parser {
  yield { bytes: 4, what: "rest" };
  const descriptor = yield* field(1);
  const isSingle = (descriptor & zstd.singleSegment) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionaryIdBytes = zstd.dictionaryIdBytes[descriptor & 0x03] ?? 0;
  yield { bytes: (isSingle ? 0 : 1) + dictionaryIdBytes + sizeBytes, what: "rest" };
  for (let isLast = false; !isLast; ) {
    const header = yield* field(3);
    isLast = (header & 0x01) !== 0;
    const isRun = ((header >> 1) & 0x03) === zstd.runBlock;
    yield { bytes: isRun ? 1 : header >> 3, what: "block" };
  }
  if (descriptor & zstd.checksum) yield { bytes: 4, what: "rest" };
}

function* parseSkippable(): Parser {
  yield { bytes: 4, what: "rest" };
  yield { bytes: yield* field(4), what: "rest" };
}

/** A number, its lowest byte first. */
function* field(bytes: number): Generator<Part, number, Buffer> {
  return (yield { bytes, what: "field" }).readUIntLE(0, bytes);
}
