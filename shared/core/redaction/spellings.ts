/**
 * The spellings in which a secret is looked for, each as what a reader takes off, outermost first.
 * A text is read in all those that its first characters there fit; see `redaction-heads.ts`.
 */
import { assert } from "../assert.ts";

/**
 * `backslash`: JSON, `printf %q`, `$'…'`, and the literals of Python, JavaScript, Go and Ruby;
 * `form`: percent with `+` for a blank; `shell`: within single quotes; `singles` and `doubles`:
 * quotes written twice; `entity`: HTML and XML.
 */
export type Layer =
  | "backslash"
  | "percent"
  | "form"
  | "shell"
  | "singles"
  | "doubles"
  | "entity"
  | "hex"
  | "base64";

export interface Spelling {
  readonly name: string;
  readonly layers: readonly Layer[];
  /** How many bits of the secret's bytes one symbol of it tells. */
  readonly width: 6 | 8;
  /** How many bits before the first symbol belong to one that other bytes share. */
  readonly skipped: 0 | 2 | 4;
  /** Without these a text reads the same in it as plain; null for those that never do. */
  readonly signs: RegExp | null;
}

/** How a text comes: decoded or in UTF-8, or in bytes of UTF-16. */
export type Order = "utf8" | "little" | "big";

/** In a set of spellings, beside them: that they are in UTF-16, all of them possible. */
export const wide = 1 << 15;

/** At most 15: a set of them is a mask of 16 bits. */
export const spellings: readonly Spelling[] = [
  quoted("plain", [], /(?!)/),
  quoted("backslash", ["backslash"], /\\/),
  quoted("backslash twice", ["backslash", "backslash"], /\\/),
  quoted("percent", ["percent"], /%/),
  quoted("form", ["form"], /[%+]/),
  quoted("JSON in percent", ["percent", "backslash"], /[%\\]/),
  quoted("shell", ["shell"], /'/),
  quoted("shell in JSON", ["backslash", "shell"], /[\\']/),
  quoted("single quotes twice", ["singles"], /'/),
  quoted("double quotes twice", ["doubles"], /"/),
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

/** Where lines are broken, programs may indent them: no blank is part of these spellings. */
export function ignoresIndents({ signs }: Spelling): boolean {
  return signs === null;
}

/** Which spelling it is, by its place in the list. */
export function indexOf(name: string): number {
  const index = spellings.findIndex((spelling) => spelling.name === name);
  assert(index >= 0);
  return index;
}
