/** No regular expression takes long on a text from a client, a sandbox or an upstream. */
import { superlinear } from "./regexp-growth.ts";
import { type Finding, isNode, type SourceFile, type SyntaxNode, walk } from "./source-file.ts";

/** Code that runs in the product and reads what others send. */
const judged = ["shared/", "functions/", "runner/", "local/edge/"];

/** Exceptions, each with the reason why its text is bounded or its form is safe. */
const exceptions: readonly { readonly path: string; readonly code: string }[] = [
  // Made from a constant prefix and a class of fixed length; as a literal it would pass.
  { path: "shared/core/ids.ts", code: "new RegExp(`^" },
];

/** Expressions whose work may grow faster than the text, and those that can't be judged. */
export function findSlowExpressions(source: SourceFile): Finding[] {
  const { path, text, lineOf } = source;
  if (!judged.some((folder) => path.startsWith(folder)) || path.endsWith(".test.ts")) return [];
  const findings: Finding[] = [];
  walk(source.body, (node) => {
    const message = faultOf(node);
    const code = text.slice(node.start, node.end);
    if (message === null) return;
    if (exceptions.some((known) => known.path === path && code.startsWith(known.code))) return;
    findings.push({ path, line: lineOf(node.start), message: `${code} ${message}` });
  });
  return findings;
}

function faultOf(node: SyntaxNode): string | null {
  if (node.type === "Literal" && isPattern(node.regex)) {
    return superlinear(node.regex.pattern, node.regex.flags);
  }
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return null;
  const isMade = isNode(node.callee) && node.callee.name === "RegExp";
  return isMade ? "can't be judged: write a literal" : null;
}

function isPattern(value: unknown): value is { readonly pattern: string; readonly flags: string } {
  return typeof value === "object" && value !== null && "pattern" in value && "flags" in value;
}
