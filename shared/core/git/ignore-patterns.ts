/**
 * The patterns of .gitignore files. A pattern is matched by all its readings at once and never
 * tries one after another, so no pattern takes longer than its length times that of the path.
 */
import { GitFault } from "./git-fault.ts";
import { linesOf } from "./parse-refs.ts";
import type { ReadBudget } from "./read-budget.ts";

type Token =
  | { readonly kind: "text"; readonly code: number }
  | { readonly kind: "any" }
  | { readonly kind: "run" }
  | { readonly kind: "deep" }
  | { readonly kind: "folders" }
  | { readonly kind: "class"; readonly bits: readonly number[] };

export interface IgnorePattern {
  readonly isNegated: boolean;
  readonly isFolder: boolean;
  /** Whether it is matched against the path below its file's folder, not against the name. */
  readonly isAnchored: boolean;
  readonly tokens: readonly Token[];
}

const patternsMax = 2_000;
const lengthMax = 1_024;
/** What a pattern, and each of its tokens, takes. */
const patternBytes = 200;
const tokenBytes = 80;
const classBytes = 250;

export interface IgnoreFile {
  readonly patterns: readonly IgnorePattern[];
  /** What was drawn for them, to be given back when they aren't held any more. */
  readonly keptBytes: number;
}

export const noPatterns: IgnoreFile = { patterns: [], keptBytes: 0 };

/** @throws {GitFault} If there are too many. */
export function* parseIgnore(text: string, budget: ReadBudget): Generator<void, IgnoreFile> {
  const patterns: IgnorePattern[] = [];
  let keptBytes = 0;
  budget.work(text.length / 2);
  for (const line of linesOf(bytewise(text.replace(/^\ufeff/, "")))) {
    if (budget.work(10 + Math.min(line.length, lengthMax) * 20)) yield;
    const pattern = parseLine(line.replace(/\r$/, ""), budget);
    if (pattern === null) continue;
    const bytes = sizeOf(pattern);
    budget.spend("keptBytes", bytes);
    keptBytes += bytes;
    patterns.push(pattern);
    if (patterns.length > patternsMax) throw new GitFault("A .gitignore has too many patterns.");
  }
  return { patterns, keptBytes };
}

function sizeOf({ tokens }: IgnorePattern): number {
  let bytes = patternBytes;
  for (const { kind } of tokens) bytes += kind === "class" ? classBytes : tokenBytes;
  return bytes;
}

/** Git compares bytes: `?` is no character of two. Each becomes a character of its own. */
function bytewise(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function parseLine(line: string, budget: ReadBudget): IgnorePattern | null {
  if (line.startsWith("#") || line.length > lengthMax) return null;
  let text = withoutBlanks(line);
  const isNegated = text.startsWith("!");
  if (isNegated) text = text.slice(1);
  const isFolder = text.endsWith("/");
  if (isFolder) text = text.slice(0, -1);
  const isAnchored = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return null;
  const tokens = tokensOf(text, budget);
  return tokens === null ? null : { isNegated, isFolder, isAnchored, tokens };
}

/** Blanks at the end don't count unless a backslash keeps them. */
function withoutBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") {
    let slashes = 0;
    while (line[end - 2 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 1) break;
    end -= 1;
  }
  return line.slice(0, end);
}

function tokensOf(text: string, budget: ReadBudget): Token[] | null {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    const character = text.charAt(index);
    if (character === "*") {
      let end = index;
      while (text[end] === "*") end += 1;
      const isWhole = index === 0 || text[index - 1] === "/";
      const isDeep = end - index >= 2 && isWhole;
      if (isDeep && text[end] === "/") {
        tokens.push({ kind: "folders" });
        end += 1;
      } else tokens.push({ kind: isDeep && end === text.length ? "deep" : "run" });
      index = end;
    } else if (character === "?") {
      tokens.push({ kind: "any" });
      index += 1;
    } else if (character === "[") {
      const read = classAt(text, index, budget);
      if (read === null) return null;
      tokens.push(read.token);
      index = read.end;
    } else {
      if (character === "\\") index += 1;
      if (index >= text.length) return null;
      tokens.push({ kind: "text", code: text.charCodeAt(index) });
      index += 1;
    }
  }
  return tokens;
}

const classNames: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

const codes = 256;

/** The characters of a class, a bit for each, so that a range takes no longer than a character. */
function emptySet(): number[] {
  return new Array<number>(codes / 32).fill(0);
}

function add(bits: number[], code: number): void {
  bits[code >> 5] = (bits[code >> 5] ?? 0) | (1 << (code & 31));
}

function isIn(bits: readonly number[], code: number): boolean {
  return (((bits[code >> 5] ?? 0) >>> (code & 31)) & 1) === 1;
}

const named: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries(classNames).map(([name, test]) => {
    const bits = emptySet();
    for (let code = 0; code < codes; code += 1) {
      if (test.test(String.fromCharCode(code))) add(bits, code);
    }
    return [name, bits];
  }),
);

/** Null if the class never ends; then the pattern matches nothing. */
function classAt(
  text: string,
  start: number,
  budget: ReadBudget,
): { token: Token; end: number } | null {
  const bits = emptySet();
  const isNegated = text[start + 1] === "!" || text[start + 1] === "^";
  let index = start + (isNegated ? 2 : 1);
  for (let first = true; first || text[index] !== "]"; first = false) {
    if (index >= text.length) return null;
    const name = /^\[:([a-z]+):\]/.exec(text.slice(index, index + 12));
    const known = named.get(name?.[1] ?? "");
    if (name && known) {
      for (const [place, word] of known.entries()) bits[place] = (bits[place] ?? 0) | word;
      index += name[0].length;
      continue;
    }
    if (text[index] === "\\") index += 1;
    const from = text.charAt(index);
    index += 1;
    const isRange = text[index] === "-" && text[index + 1] !== "]" && index + 1 < text.length;
    if (isRange) index += text[index + 1] === "\\" ? 2 : 1;
    const until = isRange ? text.charAt(index) : from;
    if (isRange) index += 1;
    if (from === "") return null;
    const low = from.charCodeAt(0);
    const high = until === "" ? -1 : until.charCodeAt(0);
    budget.work(Math.max(high - low, 0) / 8);
    for (let code = low; code <= high; code += 1) add(bits, code);
  }
  const said = isNegated ? bits.map((word) => ~word) : bits;
  return { token: { kind: "class", bits: said }, end: index + 1 };
}

/**
 * What the patterns of one file say of a path below its folder: the last that matches decides.
 * @returns Null if none does.
 */
export function* isIgnoredBy(
  { patterns }: IgnoreFile,
  path: string,
  { isFolder, budget }: { readonly isFolder: boolean; readonly budget: ReadBudget },
): Generator<void, boolean | null> {
  if (patterns.length === 0) return null;
  budget.work(20 + path.length);
  const bytes = bytewise(path);
  const name = bytes.slice(bytes.lastIndexOf("/") + 1);
  for (let index = patterns.length - 1; index >= 0; index -= 1) {
    if (budget.work(4)) yield;
    const pattern = patterns[index];
    if (pattern === undefined || (pattern.isFolder && !isFolder)) continue;
    const text = pattern.isAnchored ? bytes : name;
    const [first] = pattern.tokens;
    if (first?.kind === "text" && first.code !== text.charCodeAt(0)) continue;
    if (yield* matches(pattern.tokens, text, budget)) return !pattern.isNegated;
  }
  return null;
}

/** What a step takes for each place that is reached, and beside that. */
const placeWork = 5;
const stepWork = 5;

function* matches(
  tokens: readonly Token[],
  text: string,
  budget: ReadBudget,
): Generator<void, boolean> {
  budget.work(stepWork);
  let reached = openFrom(tokens, [0]);
  for (let index = 0; index < text.length; index += 1) {
    if (reached.size === 0) return false;
    if (budget.work(stepWork + placeWork * reached.size)) yield;
    const next: number[] = [];
    for (const place of reached) step(tokens, place, { text, index, next });
    reached = openFrom(tokens, next);
  }
  return reached.has(tokens.length);
}

/** Adds the places that are reached without a character. */
function openFrom(tokens: readonly Token[], places: readonly number[]): Set<number> {
  const open = new Set(places);
  for (const place of open) {
    const kind = tokens[place]?.kind;
    if (kind === "run" || kind === "folders") open.add(place + 1);
  }
  return open;
}

/** Within the name of a folder that `**` skips, a place is stored as its complement. */
function step(
  tokens: readonly Token[],
  place: number,
  { text, index, next }: { readonly text: string; readonly index: number; readonly next: number[] },
): void {
  const character = text.charAt(index);
  if (place < 0) return void next.push(character === "/" ? ~place : place);
  const token = tokens[place];
  switch (token?.kind) {
    case "deep":
      return void next.push(place, place + 1);
    case "run":
      return void (character !== "/" && next.push(place));
    case "folders":
      return void (character !== "/" && next.push(~place));
    case "any":
      return void (character !== "/" && next.push(place + 1));
    case "class":
      if (character === "/" || !isIn(token.bits, text.charCodeAt(index))) return;
      return void next.push(place + 1);
    case "text":
      return void (token.code === text.charCodeAt(index) && next.push(place + 1));
    default:
  }
}
