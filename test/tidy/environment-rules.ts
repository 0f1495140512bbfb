/**
 * Test files share their worker's process and modules, so what one sets in its environment, or puts
 * in place of a module, the next one sees; and a module that is loaded already isn't replaced.
 */
import { type Finding, isNode, type SourceFile, type SyntaxNode, walk } from "./source-file.ts";

/**
 * Every test sets it to the same value, so that Google's clients don't look for a metadata server.
 */
const sameForAll = "METADATA_SERVER_DETECTION";
const messages = {
  variable: "test files share their process: set a variable with vi.stubEnv and unstub it",
  module: "test files share their modules: pass what a test replaces, or use vi.doMock and undo it",
} as const;

export function findEnvironmentChanges({ path, body, lineOf }: SourceFile): Finding[] {
  if (!path.endsWith(".test.ts") && !path.startsWith("test/")) return [];
  const findings: Finding[] = [];
  walk(body, (node) => {
    const changed = changesEnvironment(node) ? "variable" : replacesModule(node) && "module";
    if (changed) findings.push({ path, line: lineOf(node.start), message: messages[changed] });
  });
  return findings;
}

function changesEnvironment({ type, left, argument, callee, arguments: args }: SyntaxNode) {
  if (type === "AssignmentExpression") return isVariable(left);
  if (type === "UnaryExpression") return isVariable(argument);
  const isAssign = type === "CallExpression" && isMember(callee, "Object", "assign");
  return isAssign && Array.isArray(args) && isMember(args[0], "process", "env");
}

function replacesModule({ type, callee }: SyntaxNode): boolean {
  return type === "CallExpression" && isMember(callee, "vi", "mock");
}

function isVariable(node: unknown): boolean {
  if (!isNode(node) || node.type !== "MemberExpression") return false;
  if (!isMember(node.object, "process", "env")) return false;
  return !isNode(node.property) || node.property.name !== sameForAll;
}

function isMember(node: unknown, object: string, property: string): boolean {
  if (!isNode(node) || node.type !== "MemberExpression") return false;
  if (!isNode(node.object) || !isNode(node.property)) return false;
  return node.object.name === object && node.property.name === property;
}
