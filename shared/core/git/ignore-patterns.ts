/**
 * The patterns of .gitignore files. A pattern is matched by all its readings at once and never
 * tries one after another, so no pattern takes longer than its length times that of the path.
 */
import { GitFault } from "./git-fault.ts";

type Token =
  | { readonly kind: "text"; readonly code: number }
  | { readonly kind: "any" }
  | { readonly kind: "run" }
  | { readonly kind: "deep" }
  | { readonly kind: "folders" }
  | { readonly kind: "class"; readonly test: (character: string) => boolean };

export interface IgnorePattern {
  readonly isNegated: boolean;
  readonly isFolder: boolean;
  /** Whether it is matched against the path below its file's folder, not against the name. */
  readonly isAnchored: boolean;
  readonly tokens: readonly Token[];
}

const patternsMax = 2_000;
const lengthMax = 1_024;
/** The work that one request may do: about a second. */
const workMax = 50_000_000;
const workPerStep = 500_000;

/** Counts the work of a request over all its patterns. */
export class MatchWork {
  #done = 0;
  #pausedAt = 0;

  /** Whether a pause is due, in which other requests go on. */
  isDue(): boolean {
    if (this.#done - this.#pausedAt < workPerStep) return false;
    this.#pausedAt = this.#done;
    return true;
  }

  count(steps: number): void {
    this.#done += steps;
    if (this.#done > workMax) throw new GitFault("There is too much to compare with .gitignore.");
  }
}

/** @throws {GitFault} If there are too many. */
export function parseIgnore(text: string): readonly IgnorePattern[] {
  const patterns = bytewise(text.replace(/^\ufeff/, ""))
    .split("\n")
    .map((line) => parseLine(line.replace(/\r$/, "")))
    .filter((pattern) => pattern !== null);
  if (patterns.length > patternsMax) throw new GitFault("A .gitignore has too many patterns.");
  return patterns;
}

/** Git compares bytes: `?` is no character of two. Each becomes a character of its own. */
function bytewise(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function parseLine(line: string): IgnorePattern | null {
  if (line.startsWith("#") || line.length > lengthMax) return null;
  let text = withoutBlanks(line);
  const isNegated = text.startsWith("!");
  if (isNegated) text = text.slice(1);
  const isFolder = text.endsWith("/");
  if (isFolder) text = text.slice(0, -1);
  const isAnchored = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return null;
  const tokens = tokensOf(text);
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

function tokensOf(text: string): Token[] | null {
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
      const read = classAt(text, index);
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

/** Null if the class never ends; then the pattern matches nothing. */
function classAt(text: string, start: number): { token: Token; end: number } | null {
  const ranges: (readonly [string, string] | RegExp)[] = [];
  const isNegated = text[start + 1] === "!" || text[start + 1] === "^";
  let index = start + (isNegated ? 2 : 1);
  for (let first = true; first || text[index] !== "]"; first = false) {
    if (index >= text.length) return null;
    const named = /^\[:([a-z]+):\]/.exec(text.slice(index, index + 12));
    const known = classNames[named?.[1] ?? ""];
    if (named && known) {
      ranges.push(known);
      index += named[0].length;
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
    ranges.push([from, until]);
  }
  const isIn = (character: string) =>
    ranges.some((range) =>
      range instanceof RegExp
        ? range.test(character)
        : range[0] <= character && character <= range[1],
    );
  const test = (character: string) => character !== "/" && isIn(character) !== isNegated;
  return { token: { kind: "class", test }, end: index + 1 };
}

/**
 * What the patterns of one file say of a path below its folder: the last that matches decides.
 * @returns Null if none does.
 */
export function isIgnoredBy(
  patterns: readonly IgnorePattern[],
  path: string,
  { isFolder, work }: { readonly isFolder: boolean; readonly work: MatchWork },
): boolean | null {
  if (patterns.length === 0) return null;
  const bytes = bytewise(path);
  const name = bytes.slice(bytes.lastIndexOf("/") + 1);
  for (let index = patterns.length - 1; index >= 0; index -= 1) {
    const pattern = patterns[index];
    if (pattern === undefined || (pattern.isFolder && !isFolder)) continue;
    if (matches(pattern.tokens, pattern.isAnchored ? bytes : name, work)) return !pattern.isNegated;
  }
  return null;
}

function matches(tokens: readonly Token[], text: string, work: MatchWork): boolean {
  work.count(1);
  const [first] = tokens;
  if (first?.kind === "text" && first.code !== text.charCodeAt(0)) return false;
  let reached = openFrom(tokens, [0]);
  for (let index = 0; index < text.length; index += 1) {
    if (reached.size === 0) return false;
    work.count(reached.size);
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
      return void (token.test(character) && next.push(place + 1));
    case "text":
      return void (token.code === text.charCodeAt(index) && next.push(place + 1));
    default:
  }
}
