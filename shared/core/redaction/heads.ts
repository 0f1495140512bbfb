/**
 * A head is the first 8 characters of a unit (a line or a piece of a secret) in one spelling
 * (JSON-escaped, percent-encoded, …). Texts are searched for heads.
 */
import { indexOf, spellings, wide } from "./spellings.ts";
import { redactableLengthMin, type Unit } from "./units.ts";
import {
  backslashes,
  entities,
  forms,
  jsons,
  percents,
  type SpellUnit,
  shells,
} from "./writers.ts";

export interface Head {
  readonly text: string;
  /** Bit set: the spellings to try where this head is found. */
  readonly spellings: number;
}

const maskOf = (...names: string[]) => names.reduce((mask, name) => mask | (1 << indexOf(name)), 0);
const masks = {
  backslash: maskOf("backslash"),
  backslashTwice: maskOf("backslash twice"),
  percent: maskOf("percent"),
  form: maskOf("form"),
  percentJson: maskOf("JSON in percent"),
  shell: maskOf("shell"),
  shellJson: maskOf("shell in JSON"),
  singleQuotesTwice: maskOf("single quotes twice"),
  doubleQuotesTwice: maskOf("double quotes twice"),
  entity: maskOf("entity"),
  hex: maskOf("hex"),
};
/** Spellings that leave letters and digits unchanged. */
const quoting = spellings.reduce(
  (mask, { signs }, index) => (signs === null ? mask : mask | (1 << index)),
  0,
);
const base64s = spellings.flatMap(({ layers, skipped }, index) =>
  layers[0] === "base64" ? [{ mask: 1 << index, offset: ((6 - skipped) / 2) % 3 }] : [],
);

/** The number of beginnings whose heads are cached: units of one secret often begin alike. */
const rememberedMax = 256;

export class HeadWriter {
  readonly #isBytes: boolean;
  readonly #remembered = new Map<string, readonly Head[]>();

  /** @param isBytes whether texts are bytes that were decoded as Latin-1. */
  constructor(isBytes: boolean) {
    this.#isBytes = isBytes;
  }

  /** The heads of `unit`; they may contain duplicates. */
  *headsOf({ text, shape }: Unit): Generator<Head> {
    const beginning = beginningOf(text);
    if (/^[A-Za-z0-9]+$/.test(beginning)) yield* this.#heads(beginning, quoting);
    else yield* this.#quoted(beginning);
    // A joined unit is searched only as plain or quoted text, not in hex or base64.
    if (shape === "joined") return;
    const bytes = Buffer.from(beginning);
    const hex = bytes.toString("hex").slice(0, redactableLengthMin);
    // Hexadecimal digits also occur behind percent signs and in `\x` escapes.
    for (const digits of [hex, hex.toUpperCase()]) {
      yield* this.#heads(digits, masks.hex);
      if (shape === "whole") continue;
      yield* this.#heads(digits.replace(/../g, "%$&"), masks.percent | masks.form);
      yield* this.#heads(digits.replace(/../g, "\\x$&"), masks.backslash);
    }
    for (const { mask, offset } of base64s) {
      for (const core of base64Cores(bytes, offset)) yield* this.#heads(core, mask);
    }
  }

  #quoted(beginning: string): readonly Head[] {
    const known = this.#remembered.get(beginning);
    if (known) return known;
    const merged = new Map<string, number>();
    for (const [spelled, mask] of quotedBeginnings(beginning)) {
      for (const { text, spellings } of this.#heads(spelled, mask)) {
        merged.set(text, (merged.get(text) ?? 0) | spellings);
      }
    }
    const heads = [...merged].map(([text, mask]) => ({ text, spellings: mask }));
    if (this.#remembered.size === rememberedMax) this.#remembered.clear();
    this.#remembered.set(beginning, heads);
    return heads;
  }

  *#heads(spelled: string, mask: number): Generator<Head> {
    const text = spelled.slice(0, redactableLengthMin);
    if (!this.#isBytes) yield { text, spellings: mask };
    else yield* inBytes(text, mask);
  }
}

/** A head in each encoding that a text may have: UTF-8, and UTF-16 in either byte order. */
function* inBytes(text: string, mask: number): Generator<Head> {
  const little = Buffer.from(text, "utf16le");
  const big = Buffer.from(little).swap16();
  const headOf = (bytes: Buffer) => bytes.toString("latin1", 0, redactableLengthMin);
  yield { text: headOf(Buffer.from(text)), spellings: mask };
  yield { text: headOf(little), spellings: wide };
  yield { text: headOf(big), spellings: wide };
}

/** Enough characters to fill a head in each spelling, without cutting a character in half. */
function beginningOf(text: string): string {
  const last = text.charCodeAt(redactableLengthMin - 1);
  return text.slice(
    0,
    last >= 0xd800 && last < 0xdc00 ? redactableLengthMin + 1 : redactableLengthMin,
  );
}

function* quotedBeginnings(beginning: string): Generator<[string, number]> {
  // A spelling that has nothing to escape in the beginning leaves it unchanged.
  yield [beginning, quoting];
  const inJson = spellAll(beginning, jsons);
  for (const once of spellAll(beginning, backslashes)) {
    yield [once, masks.backslash];
    for (const twice of spellAll(once, jsons)) yield [twice, masks.backslashTwice];
  }
  for (const spelled of spellAll(beginning, percents)) yield [spelled, masks.percent];
  for (const spelled of spellAll(beginning, forms)) yield [spelled, masks.form];
  for (const once of inJson) {
    for (const spelled of spellAll(once, percents)) yield [spelled, masks.percentJson];
  }
  for (const once of new Set(shells.map((quote) => quote(beginning)))) {
    yield [once, masks.shell];
    for (const spelled of spellAll(once, jsons)) yield [spelled, masks.shellJson];
  }
  if (beginning.includes("'")) yield [beginning.replaceAll("'", "''"), masks.singleQuotesTwice];
  if (beginning.includes('"')) yield [beginning.replaceAll('"', '""'), masks.doubleQuotesTwice];
  for (const spelled of spellAll(beginning, entities)) yield [spelled, masks.entity];
}

function spellAll(text: string, writers: readonly SpellUnit[]): Set<string> {
  return new Set(writers.map((write) => spell(text, write)));
}

/** Spells `text` until a head is full. */
function spell(text: string, write: SpellUnit): string {
  let spelled = "";
  for (const character of text) {
    spelled += write(character);
    if (spelled.length >= redactableLengthMin) break;
  }
  return spelled;
}

/**
 * The base64 characters that `bytes` alone determine if they begin `offset` bytes into a group of
 * three. `+` and `/` occur plain, in the URL-safe alphabet, and escaped for URLs and for JSON.
 */
function base64Cores(bytes: Buffer, offset: number): string[] {
  const first = Math.ceil((offset * 8) / 6);
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const core = padded.toString("base64").slice(first, first + redactableLengthMin);
  if (!/[+/]/.test(core)) return [core];
  const escaped = core.replaceAll("+", "%2B").replaceAll("/", "%2F");
  return [
    core,
    core.replaceAll("+", "-").replaceAll("/", "_"),
    core.replaceAll("/", "\\/"),
    escaped,
    escaped.replace(/%2./g, (spelled) => spelled.toLowerCase()),
  ];
}
