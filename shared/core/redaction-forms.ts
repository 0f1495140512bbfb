/** A secret as programs commonly print it, cut into the patterns that a redactor looks for. */

export interface Secret {
  readonly key: string;
  readonly value: string;
}

export interface Form {
  readonly text: string;
  /**
   * Whether programs that print it break its lines: `base64` after 76 characters, `xxd` after 60.
   */
  readonly wraps: boolean;
}

export interface Pattern extends Form {
  readonly key: string;
}

/** Shorter values would redact ordinary words; the API says so when a secret is stored. */
export const redactableLengthMin = 8;
/** What stands before a line's break must be longer than this to be taken for a secret's part. */
export const brokenLengthMin = 4;
/** Forms longer than this are matched piece by piece, so a part of a key doesn't leak either. */
const pieceLength = { min: 128, max: 512 };
/** In sixteenths between these: a hundred of the longest secrets are to fit into memory. */
const piecesCount = 16;

/**
 * All patterns of `secrets`, each once. `of` says what they are looked for in: text, or bytes that
 * were read as Latin-1.
 */
export function* patternsOf(
  secrets: Iterable<Secret>,
  of: "text" | "bytes" = "text",
): Generator<Pattern> {
  const seen = new Set<string>();
  for (const { key, value } of secrets) {
    if (value.length < redactableLengthMin) continue;
    for (const form of formsOf(value).flatMap((one) => (of === "text" ? [one] : asBytes(one)))) {
      const { wraps } = form;
      for (const text of cut(form.text, wraps)) {
        if (text.length < redactableLengthMin || seen.has(text)) continue;
        seen.add(text);
        yield { key, text, wraps };
      }
    }
  }
}

/** A form's bytes in the encodings that texts come in: UTF-8, and UTF-16 in either order. */
function asBytes({ text, wraps }: Form): Form[] {
  const little = Buffer.from(text, "utf16le");
  const spelled = (bytes: Buffer) => bytes.toString("latin1");
  return [
    { text: spelled(Buffer.from(text)), wraps },
    { text: spelled(little), wraps: false },
    { text: spelled(Buffer.from(little).swap16()), wraps: false },
  ];
}

/**
 * Pieces of equal length; the last one reaches back rather than being short. A line may break right
 * after a piece has begun, so those that wrap are looked for without their first characters, too.
 */
function* cut(form: string, wraps: boolean): Generator<string> {
  const skipped = wraps ? brokenLengthMin : 1;
  const share = Math.ceil(form.length / piecesCount);
  const step = Math.max(pieceLength.min, Math.min(pieceLength.max, share));
  const length = Math.min(step, form.length);
  for (let from = 0; from < form.length; from += step) {
    const start = Math.min(from, form.length - length);
    const piece = form.slice(start, start + length);
    for (let skip = 0; skip < skipped; skip += 1) yield piece.slice(skip);
  }
}

/** Each distinct form once; where one text is two forms, as that which wraps. */
export function formsOf(value: string): Form[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const base64 = [0, 1, 2].flatMap((offset) => base64Core(bytes, offset));
  const forms = new Map<string, Form>();
  for (const text of [value, ...escaped(value), ...percentEncoded(value)]) {
    forms.set(text, { text, wraps: false });
  }
  for (const text of [hex, hex.toUpperCase(), ...base64]) forms.set(text, { text, wraps: true });
  return [...forms.values()].filter(({ text }) => text.length >= redactableLengthMin);
}

/** Inside JSON, as encoders differ: slashes escaped or not, what isn't ASCII, what HTML reads. */
function escaped(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const unicode = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const ascii = plain.replace(/[^\x20-\x7e]/g, unicode);
  return [
    plain,
    plain.replaceAll("/", "\\/"),
    ascii,
    ascii.replaceAll("/", "\\/"),
    plain.replace(/[<>&\u2028\u2029]/g, unicode),
  ];
}

function percentEncoded(value: string): string[] {
  const url = encodeURIComponent(value.toWellFormed());
  const strict = url.replace(/[!'()*]/g, percent);
  const lower = strict.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const form = strict.replaceAll("%20", "+").replaceAll("%2A", "*");
  return [url, strict, lower, strict.replaceAll("%20", "+"), form];
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The characters of the base64 text that depend on `bytes` alone, `offset` bytes into a group. */
function base64Core(bytes: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor((padded.length * 8) / 6);
  const core = padded.toString("base64").slice(first, end);
  return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
}
