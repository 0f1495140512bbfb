/**
 * The first `redactableLengthMin` characters of a unit in every spelling that programs write: a
 * text is searched for these.
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
  /** A bit for each spelling in which a text that begins so is to be read. */
  readonly spellings: number;
}

const maskOf = (...names: string[]) => names.reduce((mask, name) => mask | (1 << indexOf(name)), 0);
const masks = {
  backslash: maskOf("backslash"),
  twice: maskOf("backslash twice"),
  percent: maskOf("percent"),
  form: maskOf("form"),
  percentJson: maskOf("JSON in percent"),
  shell: maskOf("shell"),
  shellJson: maskOf("shell in JSON"),
  singles: maskOf("single quotes twice"),
  doubles: maskOf("double quotes twice"),
  entity: maskOf("entity"),
  hex: maskOf("hex"),
};
/** Whatever leaves letters and digits as they are. */
const quoting = spellings.reduce(
  (mask, { signs }, index) => (signs === null ? mask : mask | (1 << index)),
  0,
);
const base64s = spellings.flatMap(({ layers, skipped }, index) =>
  layers[0] === "base64" ? [{ mask: 1 << index, offset: ((6 - skipped) / 2) % 3 }] : [],
);

/** Units of one secret often begin alike; of so many beginnings the spellings are remembered. */
const rememberedMax = 256;

export class HeadWriter {
  readonly #isBytes: boolean;
  readonly #remembered = new Map<string, readonly Head[]>();

  /** @param isBytes whether texts are bytes, which are read as Latin-1. */
  constructor(isBytes: boolean) {
    this.#isBytes = isBytes;
  }

  /** The heads of `unit`, some of them twice. */
  *headsOf({ text, shape }: Unit): Generator<Head> {
    const beginning = beginningOf(text);
    if (/^[A-Za-z0-9]+$/.test(beginning)) yield* this.#heads(beginning, quoting);
    else yield* this.#quoted(beginning);
    if (shape === "joined") return;
    const bytes = Buffer.from(beginning);
    const hex = bytes.toString("hex").slice(0, redactableLengthMin);
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

/** In the encodings that texts come in: UTF-8, and UTF-16 in either order. */
function* inBytes(text: string, mask: number): Generator<Head> {
  const little = Buffer.from(text, "utf16le");
  const big = Buffer.from(little).swap16();
  const headOf = (bytes: Buffer) => bytes.toString("latin1", 0, redactableLengthMin);
  yield { text: headOf(Buffer.from(text)), spellings: mask };
  yield { text: headOf(little), spellings: wide };
  yield { text: headOf(big), spellings: wide };
}

/** So many characters that each spelling of them has enough, and none is cut in halves. */
function beginningOf(text: string): string {
  const last = text.charCodeAt(redactableLengthMin - 1);
  return text.slice(
    0,
    last >= 0xd800 && last < 0xdc00 ? redactableLengthMin + 1 : redactableLengthMin,
  );
}

function* quotedBeginnings(beginning: string): Generator<[string, number]> {
  // Whatever the rest is written in, its beginning may be what that leaves alone.
  yield [beginning, quoting];
  const inJson = spellAll(beginning, jsons);
  for (const once of spellAll(beginning, backslashes)) {
    yield [once, masks.backslash];
    for (const twice of spellAll(once, jsons)) yield [twice, masks.twice];
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
  if (beginning.includes("'")) yield [beginning.replaceAll("'", "''"), masks.singles];
  if (beginning.includes('"')) yield [beginning.replaceAll('"', '""'), masks.doubles];
  for (const spelled of spellAll(beginning, entities)) yield [spelled, masks.entity];
}

function spellAll(text: string, writers: readonly SpellUnit[]): Set<string> {
  return new Set(writers.map((write) => spell(text, write)));
}

/** As much of it as a head holds. */
function spell(text: string, write: SpellUnit): string {
  let spelled = "";
  for (const character of text) {
    spelled += write(character);
    if (spelled.length >= redactableLengthMin) break;
  }
  return spelled;
}

/**
 * The characters of the base64 text that depend on `bytes` alone, `offset` bytes into a group: with
 * the two that aren't letters or digits as they are, as in URLs, and as URLs and JSON escape them.
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
