/**
 * A listener for the end of an answer never runs if the client was gone before, so what it should
 * give back, count or stop is missed. `onceClosed` looks first.
 */
import {
  type Finding,
  isNode,
  lastNameOf,
  nameOf,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./source-file.ts";

const looksFirst = "shared/http/once-closed.ts";
const productFolders = /^(functions|shared|runner|local)\//;
const listening = new Set(["on", "once", "addListener", "prependListener", "prependOnceListener"]);
const message = `a client may be gone already: use onceClosed (${looksFirst})`;

export function findMissedCloses({ path, body, lineOf }: SourceFile): Finding[] {
  if (!productFolders.test(path) || path.endsWith(".test.ts") || path === looksFirst) return [];
  const responses = responsesIn(body);
  const findings: Finding[] = [];
  walk(body, (node) => {
    const listened = listenedTo(node);
    if (listened === null || !responses.has(listened)) return;
    findings.push({ path, line: lineOf(node.start), message });
  });
  return findings;
}

/** The names of answers: what is usual, and each name that is declared as one. */
function responsesIn(body: SyntaxNode): ReadonlySet<string> {
  const names = new Set(["response", "res"]);
  walk(body, ({ type, name, typeAnnotation }) => {
    if (type !== "Identifier" || !isNode(typeAnnotation)) return;
    walk(typeAnnotation, (part) => {
      if (part.type === "TSTypeReference" && lastNameOf(part.typeName) === "ServerResponse") {
        names.add(String(name));
      }
    });
  });
  return names;
}

/** The name of what a call listens to for "close": `x.once("close", …)` or `once(x, "close")`. */
function listenedTo({ type, callee, arguments: given }: SyntaxNode): string | null {
  if (type !== "CallExpression" || !isNode(callee) || !Array.isArray(given)) return null;
  const [first, second] = given;
  if (callee.type === "MemberExpression") {
    return listening.has(nameOf(callee.property) ?? "") && isClose(first)
      ? lastNameOf(callee.object)
      : null;
  }
  return lastNameOf(callee) === "once" && isClose(second) ? lastNameOf(first) : null;
}

function isClose(node: unknown): boolean {
  return isNode(node) && node.type === "Literal" && node.value === "close";
}
