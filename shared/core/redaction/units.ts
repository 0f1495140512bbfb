/** What of a secret is recognised in a text: its lines, and the whole, long ones in pieces. */

export interface Secret {
  readonly key: string;
  readonly value: string;
}

/**
 * A `line` is printed in any spelling. A `whole` holds line breaks, so it is found in spellings
 * that write them as something else: the reader passes over a text's own. A `joined` unit has none.
 */
export type Shape = "line" | "whole" | "joined";

export interface Unit {
  readonly key: string;
  readonly text: string;
  readonly shape: Shape;
}

/** Shorter lines would redact ordinary words; the API says so when a secret is stored. */
export const redactableLengthMin = 8;
/** Units longer than this are matched piece by piece, so a part of a key doesn't leak either. */
const pieceLength = { min: 128, max: 512 };
/** In sixteenths between these: a hundred of the longest secrets are to fit into memory. */
const piecesCount = 16;

const lineBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;
/** A key within a JSON secret holds breaks as `\n`; who parses it prints lines. */
const escapedBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]|(?<!\\)\\+(?:r\\+n|[nr])/;

/** Whether a text that holds `value` can be cleaned of it. */
export function isRedactable(value: string): boolean {
  return value.trim().split(lineBreak).join("").length >= redactableLengthMin;
}

/** Every unit of `secrets`; the same text may come twice, that of the earlier secret first. */
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

/** As a shell prints `$KEY` without quotes. */
function withSingleBlanks(text: string): string {
  return text.replace(/\s+/g, " ");
}

/**
 * Pieces of equal length; the last one reaches back rather than being short. Each holds the next
 * one's first character, since base64 spells the end of one and the beginning of the next as one.
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

/** `at`, or one less if it is between the halves of a character. */
function betweenCharacters(text: string, position: number): number {
  const unit = text.charCodeAt(position);
  return unit >= 0xdc00 && unit <= 0xdfff ? position - 1 : position;
}
