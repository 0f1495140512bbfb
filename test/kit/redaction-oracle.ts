/**
 * Redaction the slow way: every unit in every spelling, tried at every position. It shares the
 * units and their heads with the real one, but not the reading of text.
 */
import { HeadWriter } from "#shared/core/redaction/heads";
import { type Layer, type Spelling, spellings } from "#shared/core/redaction/spellings";
import { redactableLengthMin, type Secret, type Unit, unitsOf } from "#shared/core/redaction/units";

const letters = new Map(Object.entries({ "\t": "t", "\n": "n", "\r": "r", "\u001b": "eE" }));
const names = new Map(
  Object.entries({ "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" }),
);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const breaks = { plain: /(?:\r?\n){0,2}/y, indented: /(?:\r?\n[ \t]{0,32}){0,2}/y };
const breaksOf = ({ signs }: Spelling) => (signs === null ? breaks.indented : breaks.plain);

/** The positions where each form of the searched text ends that begins at `position`. */
type Form = (text: string, position: number, layout: RegExp) => Iterable<number>;

/** One spelling of a character: for each character of the text, those that it may be. */
type Sequence = readonly string[];

interface Wanted {
  readonly key: string;
  readonly form: Form;
}

export function oracleOf(secrets: readonly Secret[]): (text: string) => string {
  const units = [...unitsOf(secrets)];
  const heads = units.flatMap((unit) => [...new HeadWriter(false).headsOf(unit)]);
  const wanted = spellings.map((spelling, index) => ({
    spelling,
    heads: new Set(
      heads.filter((head) => (head.spellings & (1 << index)) !== 0).map(({ text }) => text),
    ),
    forms: units.map((unit): Wanted => ({ key: unit.key, form: formOf(unit, spelling) })),
  }));
  const bestAt = (text: string, position: number) => {
    let best: { key: string; end: number } | undefined;
    for (const { spelling, heads: known, forms } of wanted) {
      if (!known.has(headAt(text, position, spelling))) continue;
      for (const { key, form } of forms) {
        const end = Math.max(0, ...form(text, position, breaksOf(spelling)));
        if (end > (best?.end ?? 0)) best = { key, end };
      }
    }
    return best;
  };
  return (text) => withoutMatches(text, bestAt);
}

function withoutMatches(
  text: string,
  bestAt: (text: string, position: number) => { key: string; end: number } | undefined,
): string {
  let out = "";
  let coveredUntil = 0;
  let lastKey: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const best = bestAt(text, at);
    if (best) {
      if (at >= coveredUntil && lastKey !== best.key) out += `[redacted:${best.key}]`;
      if (at >= coveredUntil) lastKey = best.key;
      coveredUntil = Math.max(coveredUntil, best.end);
    }
    if (at < coveredUntil) continue;
    out += text[at];
    lastKey = undefined;
  }
  return out;
}

/** The first characters from `position` on, without line breaks. */
function headAt(text: string, position: number, spelling: Spelling): string {
  let head = "";
  let next = position;
  while (head.length < redactableLengthMin) {
    if (head !== "") next = behindBreaks(text, next, breaksOf(spelling));
    const unit = text[next] ?? "\n";
    if (unit === "\n") return "";
    head += unit;
    next += 1;
  }
  return head;
}

function behindBreaks(text: string, position: number, layout: RegExp): number {
  layout.lastIndex = position;
  layout.test(text);
  return layout.lastIndex;
}

function formOf({ text }: Unit, { layers, skipped }: Spelling): Form {
  if (layers[0] === "base64") return base64Form(text, skipped);
  if (layers.at(-1) === "shell") return shellForm(text, layers);
  return inRow([...text].map((unit) => spelled(unit, layers)));
}

/** The forms by character and list of layers. */
const made = new Map<string, Form>();

function spelled(character: string, layers: readonly Layer[]): Form {
  const name = [character, ...layers].join(" ");
  const form = made.get(name) ?? newForm(character, layers);
  made.set(name, form);
  return form;
}

/** `character` after applying `layers`, the last one first. */
function newForm(character: string, layers: readonly Layer[]): Form {
  const layer = layers.at(-1);
  if (layer === undefined) return raw(character);
  const outer = layers.slice(0, -1);
  const inOuter = (any: string) => eitherOf([...any].map((one) => spelled(one, outer)));
  return eitherOf(spellingsBy(layer, character).map((sequence) => inRow(sequence.map(inOuter))));
}

function raw(characters: string): Form {
  const one = (unit: string): Form => {
    const isBreak = /[\n\r]/.test(unit);
    return (text, position, layout) => {
      const next = behindBreaks(text, position, layout);
      return !isBreak && text[next] === unit ? [next + 1] : [];
    };
  };
  return inRow(characters.split("").map(one));
}

function inRow(forms: readonly Form[]): Form {
  return (text, position, layout) => {
    let ends = new Set([position]);
    for (const form of forms) {
      if (ends.size === 0) break;
      ends = new Set([...ends].flatMap((end) => [...form(text, end, layout)]));
    }
    return ends;
  };
}

function eitherOf(forms: readonly Form[]): Form {
  return (text, position, layout) =>
    new Set(forms.flatMap((form) => [...form(text, position, layout)]));
}

function spellingsBy(layer: Layer, character: string): Sequence[] {
  const escapes = layer === "percent" || layer === "form" ? "%" : undefined;
  if (escapes) {
    const bytes = bytesOf(character).flatMap((byte) => ["%", ...hexOf(byte, 2)]);
    if (layer === "form" && character === " ") return [[character], ["+"], bytes];
    const isPlain = character !== "%" && !(layer === "form" && character === "+");
    return isPlain ? [[character], bytes] : [bytes];
  }
  if (layer === "backslash") return byBackslash(character);
  if (layer === "entity") return byEntity(character);
  if (layer === "hex") return [bytesOf(character).flatMap((byte) => hexOf(byte, 2))];
  const isTwice = character === (layer === "singleQuotesTwice" ? "'" : '"');
  return [isTwice ? [character, character] : [character]];
}

function byBackslash(character: string): Sequence[] {
  const units = character.split("").map((unit) => unit.charCodeAt(0));
  const point = character.codePointAt(0) ?? 0;
  const width = point.toString(16).length;
  const padded = Array.from({ length: 7 - width }, (_, zeros) => hexOf(point, width + zeros));
  const sequences: Sequence[] = [
    units.flatMap((unit) => ["\\", "u", ...hexOf(unit, 4)]),
    ["\\", "U", ...hexOf(point, 8)],
    ...padded.map((digits) => ["\\", "u", "{", ...digits, "}"]),
    ...inBytes(bytesOf(character)),
  ];
  // Texts of Python, JavaScript and YAML write the number of the character, not its bytes.
  if (point >= 0x80 && point <= 0xff) sequences.push(["\\", "x", ...hexOf(point, 2)]);
  const letter = letters.get(character);
  if (letter !== undefined) sequences.push(["\\", letter]);
  if (!/[A-Za-z0-9]/.test(character)) sequences.push(["\\", character]);
  return character === "\\" ? sequences : [[character], ...sequences];
}

function inBytes([first, ...rest]: readonly number[]): Sequence[] {
  if (first === undefined) return [[]];
  const spellings = [
    ["\\", "x", ...hexOf(first, 2)],
    ["\\", ...first.toString(8).padStart(3, "0")],
  ];
  return inBytes(rest).flatMap((others) => spellings.map((one) => [...one, ...others]));
}

function byEntity(character: string): Sequence[] {
  const point = character.codePointAt(0) ?? 0;
  const sequences: Sequence[] = [];
  const [hex, decimal] = [point.toString(16).length, point.toString(10)];
  for (let width = hex; width <= 6; width += 1) {
    sequences.push(["&", "#", "xX", ...hexOf(point, width), ";"]);
  }
  for (let width = decimal.length; width <= 7; width += 1) {
    sequences.push(["&", "#", ...decimal.padStart(width, "0"), ";"]);
  }
  const name = names.get(character);
  if (name !== undefined) sequences.push(["&", ...name, ";"]);
  return character === "&" ? sequences : [[character], ...sequences];
}

/** Each quote is `'\''`, or several in a row are `'"'"'`. */
function shellForm(text: string, layers: readonly Layer[]): Form {
  const outer = layers.slice(0, -1);
  const plain = (part: string) => inRow([...part].map((one) => spelled(one, outer)));
  const quotes = (count: number, isLast: boolean): Form => {
    if (count === 0) return inRow([]);
    const forms = [inRow([plain("'\\''"), quotes(count - 1, isLast)])];
    for (let some = 1; some <= count; some += 1) {
      const closing = plain(isLast && some === count ? "" : "\"'");
      const opened = plain(`'"${"'".repeat(some)}`);
      forms.push(inRow([opened, closing, quotes(count - some, isLast)]));
    }
    return eitherOf(forms);
  };
  const parts = text.split(/('+)/).filter((part) => part !== "");
  const isQuotes = (part: string) => part.startsWith("'");
  return inRow(
    parts.map((part, index) =>
      isQuotes(part) ? quotes(part.length, index === parts.length - 1) : plain(part),
    ),
  );
}

function base64Form(text: string, skipped: number): Form {
  const bits = bytesOf(text).map((byte) => byte.toString(2).padStart(8, "0"));
  const sextets = bits.join("").slice(skipped).match(/.{6}/g) ?? [];
  const also = new Map([
    ["+", ["+", "-", "%2B", "%2b"]],
    ["/", ["/", "_", "\\/", "%2F", "%2f"]],
  ]);
  return inRow(
    sextets.map((six) => {
      const character = alphabet[Number.parseInt(six, 2)] ?? "";
      return eitherOf((also.get(character) ?? [character]).map(raw));
    }),
  );
}

function bytesOf(character: string): number[] {
  return [...Buffer.from(character)];
}

/** Each digit in either case. */
function hexOf(value: number, width: number): string[] {
  const digits = value.toString(16).padStart(width, "0").split("");
  return digits.map((digit) => (/[a-f]/.test(digit) ? digit + digit.toUpperCase() : digit));
}
