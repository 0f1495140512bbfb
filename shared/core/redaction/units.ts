/** Divides secrets into units, which texts are searched for: lines, and long texts in pieces. */

export interface Secret {
  readonly key: string;
  readonly value: string;
}

/**
 * A `line` may occur in any spelling. A `whole` text contains line breaks; the reader skips line
 * breaks of a text, so it is found only in spellings that write them in another way. A `joined`
 * unit is the whole text with its line breaks removed or replaced.
 */
export type Shape = "line" | "whole" | "joined";

export interface Unit {
  readonly key: string;
  readonly text: string;
  readonly shape: Shape;
}

/** Shorter lines would redact ordinary words; the API says so when such a secret is stored. */
export const redactableLengthMin = 8;
/** Longer units are matched in pieces, so that a part of a key doesn't leak either. */
const pieceLength = { min: 128, max: 512 };
/**
 * Piece lengths are sixteenths of that range, so that a hundred of the longest secrets fit into
 * memory.
 */
const piecesCount = 16;

const lineBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;
/** A key inside a JSON secret writes breaks as `\n`; programs that parse it print lines. */
const escapedBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]|(?<!\\)\\+(?:r\\+n|[nr])/;

/** Whether `value` can be removed from a text that contains it. */
export function isRedactable(value: string): boolean {
  return value.trim().split(lineBreak).join("").length >= redactableLengthMin;
}

/** Every unit of `secrets`. The same text may come twice; the earlier secret's comes first. */
export function* unitsOf(secrets: Iterable<Secret>): Generator<Unit> {
  for (const { key, value } of secrets) {
    if (!isRedactable(value)) continue;
    for (const [text, shape] of textsOf(value.trim())) {
      if (text.length < redactableLengthMin) continue;
      for (const piece of cut(text)) yield { key, text: piece, shape };
    }
  }
}

function textsOf(value: string): Map<string, Shape> {
  const lines = value.split(lineBreak);
  const texts = new Map<string, Shape>();
  for (const line of [...lines, ...value.split(escapedBreak)]) {
    const trimmed = line.trim();
    texts.set(trimmed, "line");
    texts.set(withSingleBlanks(trimmed), "line");
  }
  if (lines.length === 1) return texts;
  for (const whole of [value, lines.join("\n"), lines.join("\r\n")]) texts.set(whole, "whole");
  const blanks = [lines.join(" "), withSingleBlanks(value)];
  for (const joined of [lines.join(""), ...blanks]) {
    if (!texts.has(joined)) texts.set(joined, "joined");
  }
  return texts;
}

/** The text as a shell prints `$KEY` without quotes. */
function withSingleBlanks(text: string): string {
  return text.replace(/\s+/g, " ");
}

/**
 * Cuts a text into pieces of equal length; the last one overlaps rather than being short. Each
 * piece includes the next one's first character, because base64 encodes across the boundary.
 */
function* cut(text: string): Generator<string> {
  const share = Math.ceil(text.length / piecesCount);
  const step = Math.max(pieceLength.min, Math.min(pieceLength.max, share));
  const length = Math.min(step, text.length);
  for (let from = 0; from < text.length; from += step) {
    const start = Math.min(from, text.length - length);
    yield text.slice(betweenCharacters(text, start), betweenCharacters(text, start + length + 1));
  }
}

/** `position`, or one less if it would split a character. */
function betweenCharacters(text: string, position: number): number {
  const unit = text.charCodeAt(position);
  return unit >= 0xdc00 && unit <= 0xdfff ? position - 1 : position;
}
