/**
 * The spellings that a secret is searched in, each as the layers that a reader removes, outermost
 * first. A text is read in all spellings that its first characters allow; see `heads.ts`.
 */
import { assert } from "../assert.ts";

/**
 * `backslash`: JSON, `printf %q`, `$'…'`, and the literals of Python, JavaScript, Go and Ruby;
 * `form`: percent encoding with `+` for a blank; `shell`: inside single quotes of a shell;
 * `singleQuotesTwice` and `doubleQuotesTwice`: each quote is doubled; `entity`: HTML and XML.
 */
export type Layer =
  | "backslash"
  | "percent"
  | "form"
  | "shell"
  | "singleQuotesTwice"
  | "doubleQuotesTwice"
  | "entity"
  | "hex"
  | "base64";

export interface Spelling {
  readonly name: string;
  readonly layers: readonly Layer[];
  /** How many bits of the secret one symbol encodes. */
  readonly width: 6 | 8;
  /** How many bits of the secret precede the first symbol, in one shared with other bytes. */
  readonly skipped: 0 | 2 | 4;
  /** A text without these characters reads the same as plain text; null if no text does. */
  readonly signs: RegExp | null;
}

/** How a text arrives: decoded or in UTF-8, or as bytes of UTF-16. */
export type Order = "utf8" | "little" | "big";

/** A bit in a set of spellings: the text is in UTF-16, so any spelling is possible. */
export const wide = 1 << 15;

/** At most 15, because a set of them is a mask of 16 bits. */
export const spellings: readonly Spelling[] = [
  quoted("plain", [], /(?!)/),
  quoted("backslash", ["backslash"], /\\/),
  quoted("backslash twice", ["backslash", "backslash"], /\\/),
  quoted("percent", ["percent"], /%/),
  quoted("form", ["form"], /[%+]/),
  quoted("JSON in percent", ["percent", "backslash"], /[%\\]/),
  quoted("shell", ["shell"], /'/),
  quoted("shell in JSON", ["backslash", "shell"], /[\\']/),
  quoted("single quotes twice", ["singleQuotesTwice"], /'/),
  quoted("double quotes twice", ["doubleQuotesTwice"], /"/),
  quoted("entity", ["entity"], /&/),
  { name: "hex", layers: ["hex"], width: 8, skipped: 0, signs: null },
  { name: "base64", layers: ["base64"], width: 6, skipped: 0, signs: null },
  { name: "base64, a byte in", layers: ["base64"], width: 6, skipped: 4, signs: null },
  { name: "base64, two bytes in", layers: ["base64"], width: 6, skipped: 2, signs: null },
];
assert(1 << spellings.length <= wide);

function quoted(name: string, layers: readonly Layer[], signs: RegExp): Spelling {
  return { name, layers, width: 8, skipped: 0, signs };
}

/** Programs may indent lines that they break in these spellings, which contain no blanks. */
export function ignoresIndents({ signs }: Spelling): boolean {
  return signs === null;
}

/** The index of a spelling in the list. */
export function indexOf(name: string): number {
  const index = spellings.findIndex((spelling) => spelling.name === name);
  assert(index >= 0);
  return index;
}
