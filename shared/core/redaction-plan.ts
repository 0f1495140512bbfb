/** What a redactor looks for, indexed so that looking costs a few operations a character. */
import {
  brokenLengthMin,
  type Pattern,
  patternsOf,
  redactableLengthMin,
  type Secret,
} from "./redaction-forms.ts";

/** As many characters of a pattern as it is found by. */
const headLength = redactableLengthMin;
const [newline, carriageReturn] = [10, 13];

export interface RedactionPlan {
  /** By their first characters. */
  readonly heads: ReadonlyMap<string, readonly Pattern[]>;
  /** Every proper prefix of a head. */
  readonly prefixes: ReadonlySet<string>;
  /** By the hash of three characters: how far before a head's end they stand, at the least. */
  readonly skips: Uint8Array;
  /** One for each hash that a head has. */
  readonly filter: Uint8Array;
}

const blockLength = 3;
/** Characters that stand in no head rule out as many places. */
const skipMax = headLength - blockLength + 1;
const filterSize = 2 ** 18;

export function planRedaction(
  secrets: Iterable<Secret>,
  of: "text" | "bytes" = "text",
): RedactionPlan {
  const heads = new Map<string, Pattern[]>();
  for (const pattern of patternsOf(secrets, of)) {
    const head = pattern.text.slice(0, headLength);
    const known = heads.get(head);
    if (known) known.push(pattern);
    else heads.set(head, [pattern]);
  }
  const prefixes = new Set<string>();
  const skips = new Uint8Array(2 ** 16).fill(skipMax);
  const filter = new Uint8Array(filterSize);
  for (const head of heads.keys()) {
    for (let length = 1; length < headLength; length += 1) prefixes.add(head.slice(0, length));
    for (let at = 0; at < skipMax; at += 1) {
      const block = blockAt(head, at);
      skips[block] = Math.min(skips[block] ?? skipMax, skipMax - 1 - at);
    }
    filter[hashAt(head, 0)] = 1;
  }
  return { heads, prefixes, skips, filter };
}

/** Of the low bytes of three characters. */
function blockHash(first: number, second: number, third: number): number {
  const block = ((first & 255) << 16) | ((second & 255) << 8) | (third & 255);
  return Math.imul(block, 0x9e37_79b1) >>> 16;
}

function blockAt(text: string, at: number): number {
  return blockHash(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2));
}

/** Of the low bytes of a head's characters. */
function hashAt(text: string, from: number): number {
  let hash = 0;
  for (let at = from; at < from + headLength; at += 1) {
    hash = Math.imul(hash ^ (text.charCodeAt(at) & 255), 0x0100_0193);
  }
  return (hash ^ (hash >>> 15)) & (filterSize - 1);
}

/** Places where a pattern may begin: all of `[at, until)`. */
interface Places {
  readonly at: number;
  readonly until: number;
}

/** Finds them in one text, from its beginning on. After Wu and Manber: most are skipped unseen. */
export class PlaceFinder {
  readonly #plan: RedactionPlan;
  readonly #text: string;
  #lineEnd = -1;

  constructor(plan: RedactionPlan, text: string) {
    this.#plan = plan;
    this.#text = text;
  }

  /** The next ones from `from` on, which never goes back. */
  next(from: number): Places {
    const text = this.#text;
    const last = text.length - headLength;
    let at = from;
    for (let lineFrom = from; lineFrom < text.length; lineFrom = this.#lineEnd + 1) {
      if (this.#lineEnd < lineFrom) this.#lineEnd = lineEndFrom(text, lineFrom);
      const broken = brokenPlaces(this.#plan, text, { from: lineFrom, end: this.#lineEnd });
      at = this.#plain(at, Math.min(last, broken === null ? this.#lineEnd : broken.at - 1));
      if (at <= last && at < (broken?.at ?? this.#lineEnd + 1)) return { at, until: at + 1 };
      if (broken !== null) return broken;
    }
    return { at: text.length, until: text.length };
  }

  /** The next place whose head is in one line, at most `last`; one behind that if there is none. */
  #plain(from: number, last: number): number {
    const { skips, filter } = this.#plan;
    let at = from;
    while (at <= last) {
      const skip = skips[blockAt(this.#text, at + headLength - blockLength)] ?? 0;
      if (skip === 0 && filter[hashAt(this.#text, at)] === 1) return at;
      at += skip === 0 ? 1 : skip;
    }
    return at;
  }
}

function lineEndFrom(text: string, from: number): number {
  const found = text.indexOf("\n", from);
  return found < 0 ? text.length : found;
}

/** Places in a line whose head may go on in the next one; null for none. */
function brokenPlaces(
  { skips, filter }: RedactionPlan,
  text: string,
  line: { readonly from: number; readonly end: number },
): Places | null {
  const returned = text.charCodeAt(line.end - 1) === carriageReturn ? 1 : 0;
  const [end, after] = [line.end - returned, line.end + 1];
  if (end - line.from < brokenLengthMin || after >= text.length) return null;
  const [before, behind] = [text.charCodeAt(end - 1), text.charCodeAt(after)];
  // Each such head holds one of these two blocks.
  const one = blockHash(before, behind, text.charCodeAt(after + 1));
  const other = blockHash(text.charCodeAt(end - 2), before, behind);
  if (skips[one] === skipMax && skips[other] === skipMax) return null;
  const at = Math.max(line.from, end - headLength + 1);
  const around = text.slice(at, end) + text.slice(after, after + headLength);
  const until = end - brokenLengthMin + 1;
  for (let from = 0; from < until - at && from + headLength <= around.length; from += 1) {
    if (filter[hashAt(around, from)] === 1) return { at, until };
  }
  return null;
}

/** How many characters a line's break has there: 0 if there is none. */
function breakLengthAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit === newline) return 1;
  return unit === carriageReturn && text.charCodeAt(at + 1) === newline ? 2 : 0;
}

export interface Match {
  readonly key: string;
  readonly end: number;
}

/** The longest pattern at `at`; undecided, and which, if the text ends before that is known. */
export function longestMatch(plan: RedactionPlan, text: string, at: number) {
  let longest: Match | undefined;
  let undecided: Match | undefined;
  for (const pattern of candidatesAt(plan, text, at)) {
    const end = endOfMatch(pattern, text, at);
    if (end === null) continue;
    if (end === "open") undecided ??= { key: pattern.key, end: text.length };
    else if (longest === undefined || end > longest.end) longest = { key: pattern.key, end };
  }
  return { longest, undecided };
}

function candidatesAt({ heads }: RedactionPlan, text: string, at: number): readonly Pattern[] {
  const head = text.slice(at, at + headLength);
  const plain = heads.get(head) ?? [];
  const joined = acrossBreak(text, at);
  return joined === head ? plain : [...plain, ...(heads.get(joined) ?? [])];
}

/** The first characters from `at` on, without a break that comes late enough among them. */
function acrossBreak(text: string, at: number): string {
  for (let end = at + brokenLengthMin; end < at + headLength; end += 1) {
    const length = breakLengthAt(text, end);
    if (length > 0) return text.slice(at, end) + text.slice(end + length, at + headLength + length);
  }
  return text.slice(at, at + headLength);
}

/** Where the pattern ends that begins at `at`; `open` if the text may go on as it does. */
function endOfMatch({ text: wanted, wraps }: Pattern, text: string, at: number) {
  if (text.startsWith(wanted, at)) return at + wanted.length;
  if (!wraps) {
    const rest = text.length - at;
    return rest < wanted.length && wanted.startsWith(text.slice(at)) ? "open" : null;
  }
  let end = at;
  for (let index = 0; index < wanted.length; index += 1) {
    if (index >= brokenLengthMin) {
      end += breakLengthAt(text, end);
      if (end === text.length - 1 && text.charCodeAt(end) === carriageReturn) return "open";
    }
    if (end >= text.length) return "open";
    if (text.charCodeAt(end) !== wanted.charCodeAt(index)) return null;
    end += 1;
  }
  return end;
}

/** From where on a text might end in a pattern's first characters. */
export function openEnd({ prefixes }: RedactionPlan, text: string): number {
  // A head, and a break within it, without the last character.
  for (let at = Math.max(0, text.length - headLength - 1); at < text.length; at += 1) {
    if (prefixes.has(text.slice(at))) return at;
    const joined = acrossBreak(text, at).replace(/\r$/, "");
    if (joined.length >= brokenLengthMin && at + joined.length < text.length) {
      if (prefixes.has(joined)) return at;
    }
  }
  return text.length;
}
