/** Remembers hashes of a text file's lines, to tell how many an execution changed. */

const fileBytesMax = 256 * 1024;
const linesMax = 1_000_000;

export interface LineChange {
  readonly additions: number;
  readonly deletions: number;
}

export class LineIndex {
  readonly #hashes = new Map<string, Uint32Array>();
  #lines = 0;

  /** Skips large files, binary files, and files beyond a number; they count as 0 lines. */
  record(path: string, bytes: Uint8Array): void {
    const hashes = this.#lines > linesMax ? undefined : hashLines(bytes);
    if (hashes === undefined) return;
    this.#lines += hashes.length;
    this.#hashes.set(path, hashes);
  }

  /** Counts added and removed lines at `path`; a moved line is neither. */
  compare(path: string, bytes: Uint8Array | undefined): LineChange {
    const before = this.#hashes.get(path) ?? new Uint32Array();
    const after = (bytes && hashLines(bytes)) ?? new Uint32Array();
    const counts = new Map<number, number>();
    for (const hash of before) counts.set(hash, (counts.get(hash) ?? 0) + 1);
    let additions = 0;
    for (const hash of after) {
      const left = counts.get(hash) ?? 0;
      if (left === 0) additions += 1;
      else counts.set(hash, left - 1);
    }
    const deletions = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return { additions, deletions };
  }
}

/** FNV-1a of each line; undefined for a binary file. */
function hashLines(bytes: Uint8Array): Uint32Array | undefined {
  if (bytes.length > fileBytesMax) return undefined;
  const hashes: number[] = [];
  const start = 0x811c_9dc5;
  let hash = start;
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0) return undefined;
    if (byte !== 0x0a) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
    if (byte !== 0x0a && index < bytes.length - 1) continue;
    hashes.push(hash);
    hash = start;
  }
  return Uint32Array.from(hashes);
}
