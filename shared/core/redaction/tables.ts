/**
 * Hash tables that find heads in a text. As in Wu and Manber's search, most of a text is skipped.
 */
import type { Head } from "./heads.ts";
import { redactableLengthMin } from "./units.ts";

/** How many of a head's last characters are examined first. */
const blockLength = 4;
/** A block that is in no head rules out this many positions. */
const skipMax = redactableLengthMin - blockLength + 1;
/** The slots per head of each table, as powers of two. The first table is used most. */
const roomBits = { blocks: 5, skips: 2, masks: 4 };
/** The smallest size costs nothing to make; the largest still fits into a processor's caches. */
const tableBits = { min: 16, max: 22 };

export class HeadTables {
  /** A bit for each hash of four characters that occur in a head. */
  readonly #blocks: Int32Array;
  /** How far each block is from a head's end, at least, by a shorter form of that hash. */
  readonly #skips: Uint8Array;
  /** A bit for each spelling that a head occurs in, by the head's hash. */
  readonly #masks: Uint16Array;
  /** A bit for each hash of a head's beginning. */
  readonly #prefixes: Int32Array;
  /** How many bits of a hash each table leaves out. */
  readonly #unused: { readonly blocks: number; readonly skips: number; readonly masks: number };

  /** @param headsCount an estimate of how many are added; adding more is slower but not wrong. */
  constructor(headsCount: number) {
    const bits = Math.ceil(Math.log2(1 + headsCount));
    const { min, max } = tableBits;
    const used = (room: number) => Math.max(min, Math.min(max, bits + room));
    const [blocks, skips] = [used(roomBits.blocks), used(roomBits.skips)];
    const masks = used(roomBits.masks);
    this.#blocks = new Int32Array(2 ** (blocks - 5));
    this.#skips = new Uint8Array(2 ** skips).fill(skipMax);
    this.#masks = new Uint16Array(2 ** masks);
    this.#prefixes = new Int32Array(this.#blocks.length);
    this.#unused = { blocks: 32 - blocks, skips: 32 - skips, masks: 32 - masks };
  }

  add({ text, spellings }: Head): void {
    for (let at = 0; at < skipMax; at += 1) {
      const hash = blockHash(text, at);
      const block = hash >>> this.#unused.blocks;
      this.#blocks[block >>> 5] = (this.#blocks[block >>> 5] ?? 0) | (1 << block);
      const skip = hash >>> this.#unused.skips;
      this.#skips[skip] = Math.min(this.#skips[skip] ?? skipMax, skipMax - 1 - at);
    }
    let prefix = 0;
    for (let at = 0; at < redactableLengthMin - 1; at += 1) {
      prefix = withNext(prefix, text.charCodeAt(at));
      const place = prefix >>> this.#unused.blocks;
      this.#prefixes[place >>> 5] = (this.#prefixes[place >>> 5] ?? 0) | (1 << place);
    }
    const head = headHash(text, 0) >>> this.#unused.masks;
    this.#masks[head] = (this.#masks[head] ?? 0) | spellings;
  }

  /** The spellings that a head at `position` may be in, as bits; 0 if there is no head. */
  spellingsAt(text: string, position: number): number {
    return this.#masks[headHash(text, position) >>> this.#unused.masks] ?? 0;
  }

  /** The same for a head that begins at `position` among these characters. */
  spellingsIn(codes: readonly number[], position: number): number {
    if (position + redactableLengthMin > codes.length) return 0;
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = codes.slice(
      position,
      position + redactableLengthMin,
    );
    if (!this.hasBlock(a, b, c, d) || !this.hasBlock(e, f, g, h)) return 0;
    const head = mixed(hashOf(a, b, c, d), hashOf(e, f, g, h));
    return this.#masks[head >>> this.#unused.masks] ?? 0;
  }

  /** Whether these four characters may occur in a head. */
  hasBlock(first: number, second: number, third: number, fourth: number): boolean {
    const block = hashOf(first, second, third, fourth) >>> this.#unused.blocks;
    return (((this.#blocks[block >>> 5] ?? 0) >>> block) & 1) !== 0;
  }

  /** Whether a head may begin with `text`, which is shorter. */
  hasPrefix(text: string): boolean {
    let hash = 0;
    for (let at = 0; at < text.length; at += 1) hash = withNext(hash, text.charCodeAt(at));
    const place = hash >>> this.#unused.blocks;
    return (((this.#prefixes[place >>> 5] ?? 0) >>> place) & 1) !== 0;
  }

  /** The next position from `from` to `last` where a head may be; `last` + 1 if there is none. */
  next(text: string, from: number, last: number): number {
    const blocks = this.#blocks;
    const unused = this.#unused.blocks;
    let at = from;
    while (at <= last) {
      const hash = hashOf(
        text.charCodeAt(at + redactableLengthMin - 4),
        text.charCodeAt(at + redactableLengthMin - 3),
        text.charCodeAt(at + redactableLengthMin - 2),
        text.charCodeAt(at + redactableLengthMin - 1),
      );
      const block = hash >>> unused;
      if ((((blocks[block >>> 5] ?? 0) >>> block) & 1) === 0) at += skipMax;
      else {
        const skip = this.#skips[hash >>> this.#unused.skips] ?? 0;
        if (skip === 0 && this.spellingsAt(text, at) !== 0) return at;
        at += skip === 0 ? 1 : skip;
      }
    }
    return Math.max(from, last + 1);
  }
}

/** Hashes the low bytes of four characters; the highest bits of the result are the best ones. */
function hashOf(first: number, second: number, third: number, fourth: number): number {
  const block =
    ((first & 255) << 24) | ((second & 255) << 16) | ((third & 255) << 8) | (fourth & 255);
  return Math.imul(block, 0x9e37_79b1);
}

/** Extends the hash of a prefix by one character. */
function withNext(hash: number, unit: number): number {
  return Math.imul(hash ^ (hash >>> 15) ^ ((unit & 255) + 1), 0x9e37_79b1);
}

function blockHash(text: string, position: number): number {
  return hashOf(
    text.charCodeAt(position),
    text.charCodeAt(position + 1),
    text.charCodeAt(position + 2),
    text.charCodeAt(position + 3),
  );
}

/** Hashes the low bytes of a head's characters. */
function headHash(text: string, position: number): number {
  return mixed(blockHash(text, position), blockHash(text, position + blockLength));
}

function mixed(first: number, second: number): number {
  return Math.imul(first ^ (first >>> 15) ^ second, 0x85eb_ca6b);
}
