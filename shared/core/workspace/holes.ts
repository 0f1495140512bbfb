/** The ranges of a sparse file that hold data, found page by page and merged to a few. */
import type { Part } from "./manifest.ts";

export interface Range {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The most ranges for one file; pack boundaries add parts, up to what a manifest takes. */
const rangesMax = 1_000;
/** When there are too many ranges, holes shorter than this are stored as zeros. */
const shortHolesBytes = [0, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024, Number.POSITIVE_INFINITY];

/** Collects, in order, the pages of a file that hold anything but zeros. */
export class DataRanges {
  readonly #ranges: { offsetBytes: number; sizeBytes: number }[] = [];

  /** `chunk` consists of whole pages, except at the file's end. */
  add(chunk: Uint8Array, offsetBytes: number, pageBytes: number): void {
    for (let start = 0; start < chunk.length; start += pageBytes) {
      const page = chunk.subarray(start, start + pageBytes);
      if (isZero(page)) continue;
      const last = this.#ranges.at(-1);
      const at = offsetBytes + start;
      const isNext = last !== undefined && last.offsetBytes + last.sizeBytes === at;
      if (isNext) last.sizeBytes += page.length;
      else this.#ranges.push({ offsetBytes: at, sizeBytes: page.length });
    }
  }

  /** At most as many ranges as a manifest takes. */
  ranges(): Range[] {
    for (const shortBytes of shortHolesBytes) {
      const joined = join(this.#ranges, shortBytes);
      if (joined.length <= rangesMax) return joined;
    }
    return join(this.#ranges, Number.POSITIVE_INFINITY);
  }
}

const zeros = Buffer.alloc(4_096);

function isZero(page: Uint8Array): boolean {
  return Buffer.compare(page, zeros.subarray(0, page.length)) === 0;
}

function join(ranges: readonly Range[], shortBytes: number): Range[] {
  const joined: { offsetBytes: number; sizeBytes: number }[] = [];
  for (const { offsetBytes, sizeBytes } of ranges) {
    const last = joined.at(-1);
    const holeBytes = last === undefined ? 0 : offsetBytes - last.offsetBytes - last.sizeBytes;
    if (last !== undefined && holeBytes < shortBytes) last.sizeBytes += holeBytes + sizeBytes;
    else joined.push({ offsetBytes, sizeBytes });
  }
  return joined;
}

/** The places in a file that a stretch of its data comes from, leaving holes out. */
export function placesOf(ranges: readonly Range[], data: Range): Range[] {
  const end = data.offsetBytes + data.sizeBytes;
  const places: Range[] = [];
  let position = 0;
  for (const { offsetBytes, sizeBytes } of ranges) {
    const from = Math.max(data.offsetBytes, position);
    const to = Math.min(end, position + sizeBytes);
    if (from < to)
      places.push({ offsetBytes: offsetBytes + from - position, sizeBytes: to - from });
    position += sizeBytes;
  }
  return places;
}

/** A file's parts, made from the parts of its data by cutting them at holes. */
export function spread(data: readonly Part[], ranges: readonly Range[], fileBytes: number): Part[] {
  let dataBytes = 0;
  return weave(ranges, fileBytes, ({ sizeBytes }) => {
    dataBytes += sizeBytes;
    return slicesOf(data, { offsetBytes: dataBytes - sizeBytes, sizeBytes });
  });
}

/** A file's parts, with holes wherever it has no data. */
export function withHoles(
  parts: readonly Part[],
  ranges: readonly Range[],
  fileBytes: number,
): Part[] {
  return weave(ranges, fileBytes, (range) => slicesOf(parts, range));
}

function weave(
  ranges: readonly Range[],
  fileBytes: number,
  partsOf: (range: Range) => Part[],
): Part[] {
  const all: Part[] = [];
  let position = 0;
  for (const range of [...ranges, { offsetBytes: fileBytes, sizeBytes: 0 }]) {
    const holeBytes = range.offsetBytes - position;
    if (holeBytes > 0) all.push({ pack: null, offsetBytes: 0, sizeBytes: holeBytes });
    all.push(...partsOf(range));
    position = range.offsetBytes + range.sizeBytes;
  }
  return all;
}

/** The parts that a stretch of a file covers, cut to that stretch. */
export function slicesOf(parts: readonly Part[], stretch: Range): Part[] {
  const end = stretch.offsetBytes + stretch.sizeBytes;
  const slices: Part[] = [];
  let position = 0;
  for (const { pack, offsetBytes, sizeBytes } of parts) {
    const from = Math.max(stretch.offsetBytes, position);
    const to = Math.min(end, position + sizeBytes);
    const cutBytes = pack === null ? 0 : from - position;
    if (from < to) slices.push({ pack, offsetBytes: offsetBytes + cutBytes, sizeBytes: to - from });
    position += sizeBytes;
  }
  return slices;
}

/** Bytes of one pack that are read in one request, and the slices that they contain. */
export interface JoinedRead {
  readonly from: { readonly pack: string; readonly offsetBytes: number };
  readonly sizeBytes: number;
  readonly slices: readonly Part[];
}

/** Slices that follow each other in one pack are one read, whatever holes lie between them. */
export function joinedReads(slices: readonly Part[]): JoinedRead[] {
  const reads: { from: JoinedRead["from"]; sizeBytes: number; slices: Part[] }[] = [];
  for (const slice of slices) {
    const { pack, offsetBytes, sizeBytes } = slice;
    if (pack === null) continue;
    const last = reads.at(-1);
    const follows =
      last?.from.pack === pack && last.from.offsetBytes + last.sizeBytes === offsetBytes;
    if (last === undefined || !follows) {
      reads.push({ from: { pack, offsetBytes }, sizeBytes, slices: [slice] });
    } else {
      last.sizeBytes += sizeBytes;
      last.slices.push(slice);
    }
  }
  return reads;
}
