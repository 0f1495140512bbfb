/**
 * A test's connection that nobody listens to for errors: if the other side resets it between two
 * waits, which a busy machine makes likely, the error ends whichever test runs then.
 */
import {
  type Finding,
  isNode,
  nameOf,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./source-file.ts";

const message =
  'a reset of this connection is caught by nobody: add .on("error", …) where it is made';

export function findUnheardSockets({ path, body, lineOf }: SourceFile): Finding[] {
  if (!/^(test|bench)\//.test(path) && !path.endsWith(".test.ts")) return [];
  const connecting = namesOfConnect(body);
  const heard = heardIn(body);
  const findings: Finding[] = [];
  walk(body, (node, parents) => {
    const { type, callee, start } = node;
    if (type !== "CallExpression" || !connecting.has(nameOf(callee) ?? "")) return;
    const parent = parents.at(-1);
    if (parent?.type === "MemberExpression") return;
    if (parent?.type === "VariableDeclarator" && heard.has(nameOf(parent.id) ?? "")) return;
    findings.push({ path, line: lineOf(start), message });
  });
  return findings;
}

/** What `connect` of node:net and node:tls is called in a file. */
function namesOfConnect(body: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  walk(body, ({ type, source, specifiers }) => {
    if (type !== "ImportDeclaration" || !isNode(source) || !Array.isArray(specifiers)) return;
    if (source.value !== "node:net" && source.value !== "node:tls") return;
    for (const { imported, local } of specifiers) {
      if (nameOf(imported) === "connect") names.add(nameOf(local) ?? "");
    }
  });
  return names;
}

/** The variables that some line listens to for errors. */
function heardIn(body: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  walk(body, ({ type, callee, arguments: given }) => {
    if (type !== "CallExpression" || !isNode(callee) || !Array.isArray(given)) return;
    const [event] = given;
    if (callee.type !== "MemberExpression" || nameOf(callee.property) !== "on") return;
    if (isNode(event) && event.value === "error") names.add(nameOf(callee.object) ?? "");
  });
  return names;
}
