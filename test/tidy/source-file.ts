/** A source file as the tidy rules see it: its text, its syntax tree, what it imports. */
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { type Comment, parseSync } from "oxc-parser";
import { repositoryFiles } from "./repository-files.ts";

/** A node of the ESTree; its other fields depend on its type. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** A path in the repository, or the specifier of a package or Node module. */
  readonly target: string;
  readonly names: readonly string[];
  readonly line: number;
}

export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly body: SyntaxNode;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  lineOf(offset: number): number;
}

/** One broken rule, in a form that editors turn into a link. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Every source file of the repository at `root`, parsed, in a stable order. */
export function readSources(root: string): SourceFile[] {
  return repositoryFiles(root)
    .filter((path) => /\/.*\.(ts|mjs)$/.test(path) && !path.startsWith("examples/"))
    .map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

/** @throws if `text` isn't valid TypeScript */
export function parseSource(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  const lineStarts = [0];
  for (const match of text.matchAll(/\n/g)) lineStarts.push(match.index + 1);
  const lineOf = (offset: number) => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const imports: Import[] = [];
  const add = (specifier: string, start: number, names = ["*"]) => {
    const target = resolveSpecifier(path, specifier);
    imports.push({ specifier, target, names, line: lineOf(start) });
  };
  for (const { moduleRequest, entries } of module.staticImports) {
    add(
      moduleRequest.value,
      moduleRequest.start,
      entries.map(({ importName }) => importName.name ?? "*"),
    );
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const specifier = text.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^["'`]([^"'`$]*)["'`]$/.exec(specifier)?.[1];
    if (literal === undefined) continue;
    add(literal, moduleRequest.start);
  }
  const body: unknown = program;
  if (!isNode(body)) throw new Error(`${path}: no syntax tree`);
  walk(body, (node) => {
    if (node.type !== "TSImportType" || !isNode(node.source)) return;
    add(String(node.source.value), node.start);
  });
  return { path, text, body, comments, imports, lineOf };
}

function resolveSpecifier(path: string, specifier: string): string {
  if (specifier.startsWith("#shared/")) return `${specifier.slice(1)}.ts`;
  if (specifier.startsWith(".")) return posix.join(dirname(path), specifier);
  return specifier;
}

/** Calls `visit` with every node below `node` and its parents, the nearest last. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parents: readonly SyntaxNode[]) => void,
  parents: readonly SyntaxNode[] = [],
): void {
  visit(node, parents);
  const below = [...parents, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, below);
    }
  }
}

/** The name that a node is; null for what is none, such as a call. */
export function nameOf(node: unknown): string | null {
  const isName = isNode(node) && /^(Private)?Identifier$/.test(node.type);
  return isName ? String(node.name) : null;
}

/** `a` for `a`, and `b` for `a.b`. */
export function lastNameOf(node: unknown): string | null {
  return nameOf(isNode(node) && node.type === "MemberExpression" ? node.property : node);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
