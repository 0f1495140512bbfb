/**
 * A client of Node's `http` that hears of answers and errors alone: a server that switches
 * protocols brings neither, so who waits for them waits for ever.
 */
import { type Finding, isNode, nameOf, type SourceFile, walk } from "./source-file.ts";

const message = "a server that gives no answer is noticed by nobody: call refuseStrangeAnswers()";

export function findHalfClients({ path, body, lineOf }: SourceFile): Finding[] {
  if (/^(test|bench)\//.test(path) || path.endsWith(".test.ts")) return [];
  const findings: Finding[] = [];
  let refuses = 0;
  walk(body, ({ type, callee, start, arguments: given }) => {
    if (type !== "CallExpression" || !isNode(callee) || !Array.isArray(given)) return;
    if (nameOf(callee) === "refuseStrangeAnswers") refuses += 1;
    const [event] = given;
    const isListener = callee.type === "MemberExpression" && isNode(event);
    const hears = isListener && /^(on|once)$/.test(nameOf(callee.property) ?? "");
    if (hears && event.value === "response") findings.push({ path, line: lineOf(start), message });
  });
  return findings.slice(refuses);
}
