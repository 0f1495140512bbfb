/**
 * Test files share their worker's process, so what one sets in its environment, the next one sees.
 */
import { type Finding, isNode, type SourceFile, type SyntaxNode, walk } from "./source-file.ts";

/**
 * Every test sets it to the same value, so that Google's clients don't look for a metadata server.
 */
const sameForAll = "METADATA_SERVER_DETECTION";
const message = "test files share their process: set a variable with vi.stubEnv and unstub it";

export function findEnvironmentChanges({ path, body, lineOf }: SourceFile): Finding[] {
  if (!path.endsWith(".test.ts") && !path.startsWith("test/")) return [];
  const findings: Finding[] = [];
  walk(body, (node) => {
    if (changesEnvironment(node)) findings.push({ path, line: lineOf(node.start), message });
  });
  return findings;
}

function changesEnvironment({ type, left, argument, callee, arguments: args }: SyntaxNode) {
  if (type === "AssignmentExpression") return isVariable(left);
  if (type === "UnaryExpression") return isVariable(argument);
  const isAssign = type === "CallExpression" && isMember(callee, "Object", "assign");
  return isAssign && Array.isArray(args) && isMember(args[0], "process", "env");
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
