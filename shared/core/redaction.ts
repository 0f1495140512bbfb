/**
 * Takes secrets out of text that leaves, also when they straddle chunks or are encoded. A guard
 * against accidents: who wants to smuggle a secret out can transform it in ways nobody lists.
 */

export interface Secret {
  readonly key: string;
  readonly value: string;
}

/** Shorter values would redact ordinary words; the API says so when a secret is stored. */
export const redactableLengthMin = 8;
/** Forms longer than this are matched piece by piece, so a part of a key doesn't leak either. */
const pieceLength = 128;

/** What to look for: pieces by their first `redactableLengthMin` characters. */
export interface RedactionPlan {
  readonly candidates: ReadonlyMap<string, readonly Piece[]>;
  /** Every proper prefix of a candidate's key. */
  readonly prefixes: ReadonlySet<string>;
}

interface Piece {
  readonly key: string;
  readonly text: string;
}

export function planRedaction(secrets: Iterable<Secret>): RedactionPlan {
  const candidates = new Map<string, Piece[]>();
  const prefixes = new Set<string>();
  for (const { key, text } of piecesOf(secrets)) {
    const head = text.slice(0, redactableLengthMin);
    candidates.set(head, [...(candidates.get(head) ?? []), { key, text }]);
    for (let length = 1; length < head.length; length += 1) prefixes.add(head.slice(0, length));
  }
  return { candidates, prefixes };
}

/** Redacts a whole text. */
export function redact(plan: RedactionPlan, text: string): string {
  const redactor = new Redactor(plan);
  return redactor.write(text) + redactor.end();
}

/** Redacts a stream, holding back only what may be the beginning of a secret. */
export class Redactor {
  readonly #plan: RedactionPlan;
  #held = "";
  /** How many held characters an earlier match covers. */
  #coveredLength = 0;
  /** Whose tag was written last, if nothing was written since. */
  #lastKey: string | undefined;

  constructor(plan: RedactionPlan) {
    this.#plan = plan;
  }

  /** @returns What is safe to pass on now; possibly nothing. */
  write(text: string): string {
    return this.#drain(this.#held + text, false);
  }

  /** @returns The rest: what is held back is no secret if nothing follows. */
  end(): string {
    return this.#drain(this.#held, true);
  }

  #drain(text: string, final: boolean): string {
    if (this.#plan.candidates.size === 0) return text;
    let out = "";
    let plainFrom = 0;
    let index = 0;
    for (; index < text.length; index += 1) {
      const match = longestMatch(this.#plan, text, index);
      if (match.undecided && !final) break;
      if (match.piece !== undefined) {
        const { key, text: found } = match.piece;
        if (this.#coveredLength === 0) out += text.slice(plainFrom, index);
        if (this.#coveredLength === 0 && plainFrom < index) this.#lastKey = undefined;
        if (this.#coveredLength === 0 && this.#lastKey !== key) out += `[redacted:${key}]`;
        if (this.#coveredLength === 0) this.#lastKey = key;
        this.#coveredLength = Math.max(this.#coveredLength, found.length);
      }
      if (this.#coveredLength > 0) {
        this.#coveredLength -= 1;
        plainFrom = index + 1;
      }
    }
    this.#held = text.slice(index);
    if (plainFrom < index) this.#lastKey = undefined;
    return out + text.slice(plainFrom, index);
  }
}

/** The longest piece at `index`; undecided when the text ends before that is known. */
function longestMatch(plan: RedactionPlan, text: string, index: number) {
  const head = text.slice(index, index + redactableLengthMin);
  if (head.length < redactableLengthMin) return { undecided: plan.prefixes.has(head) };
  let longest: Piece | undefined;
  for (const piece of plan.candidates.get(head) ?? []) {
    const rest = text.length - index;
    if (rest < piece.text.length) {
      if (piece.text.startsWith(text.slice(index))) return { undecided: true, piece: longest };
    } else if (text.startsWith(piece.text, index)) {
      if (longest === undefined || piece.text.length > longest.text.length) longest = piece;
    }
  }
  return { undecided: false, piece: longest };
}

function* piecesOf(secrets: Iterable<Secret>): Generator<Piece> {
  const seen = new Set<string>();
  for (const { key, value } of secrets) {
    if (value.length < redactableLengthMin) continue;
    for (const form of formsOf(value)) {
      for (const text of cut(form)) {
        if (seen.has(text)) continue;
        seen.add(text);
        yield { key, text };
      }
    }
  }
}

/** Pieces of equal length; the last one reaches back rather than being short. */
function* cut(form: string): Generator<string> {
  if (form.length <= pieceLength) return yield form;
  for (let from = 0; from < form.length; from += pieceLength) {
    const start = Math.min(from, form.length - pieceLength);
    yield form.slice(start, start + pieceLength);
  }
}

/** A value as programs commonly print it. */
export function formsOf(value: string): Set<string> {
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const escaped = JSON.stringify(value).slice(1, -1);
  const asciiEscaped = escaped.replace(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  const url = encodeURIComponent(value.toWellFormed());
  const strictUrl = url.replace(/[!'()*]/g, percent);
  const lowerUrl = strictUrl.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const forms = [
    value,
    ...[0, 1, 2].flatMap((offset) => base64Core(bytes, offset)),
    hex,
    hex.toUpperCase(),
    escaped,
    escaped.replaceAll("/", "\\/"),
    asciiEscaped,
    url,
    strictUrl,
    lowerUrl,
    strictUrl.replaceAll("%20", "+"),
  ];
  return new Set(forms.filter((form) => form.length >= redactableLengthMin));
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
