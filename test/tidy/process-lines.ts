/**
 * A line that all requests of a process stand in, first come, first served, stands behind the gate
 * that has owners take turns, and undoes it (TEN-1).
 */
import { isProduct } from "./import-rules.ts";
import { type Finding, isNode, type SourceFile, walk } from "./source-file.ts";

const message = "one line for all owners: let them take turns (shared/store/owner-turns.ts)";

export function findProcessLines({ path, body, lineOf }: SourceFile): Finding[] {
  if (!isProduct(path) || path.startsWith("runner/")) return [];
  const findings: Finding[] = [];
  walk(body, ({ type, callee, start }, parents) => {
    if (type !== "CallExpression" || !isNode(callee) || callee.name !== "pLimit") return;
    if (parents.some((parent) => parent.type.includes("Function"))) return;
    findings.push({ path, line: lineOf(start), message });
  });
  return findings;
}
