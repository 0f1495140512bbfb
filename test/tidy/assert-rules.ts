/** Assertions that can't fail, whatever the product does. */
import {
  type Finding,
  isNode,
  lastNameOf,
  nameOf,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./source-file.ts";

const vain = "{} matches any object here: compare that part with toEqual";

/** An empty object in what an object must match; one in a list says how many there are. */
export function findVainMatches({ path, body, lineOf }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  walk(body, ({ type, callee, arguments: given }) => {
    if (type !== "CallExpression" || !Array.isArray(given)) return;
    if (lastNameOf(callee) !== "toMatchObject") return;
    for (const argument of given.filter(isNode)) {
      walk(argument, (node, parents) => {
        if (!isEmptyObject(node) || parents.some(isCall)) return;
        if (parents.at(-1)?.type === "ArrayExpression") return;
        findings.push({ path, line: lineOf(node.start), message: vain });
      });
    }
  });
  return findings;
}

const unchecked = "it resolves when the time is over as well: assert what it resolves with";

/** A test that goes on as if what it waits for had come. */
export function findUncheckedWaits({ path, body, lineOf }: SourceFile): Finding[] {
  if (!path.endsWith(".test.ts")) return [];
  const findings: Finding[] = [];
  walk(body, ({ type, expression, start }) => {
    if (type !== "ExpressionStatement" || !isNode(expression)) return;
    const { argument } = expression;
    if (expression.type !== "AwaitExpression" || !isNode(argument) || !isCall(argument)) return;
    if (nameOf(argument.callee) !== "pollUntil") return;
    findings.push({ path, line: lineOf(start), message: unchecked });
  });
  return findings;
}

function isEmptyObject({ type, properties }: SyntaxNode): boolean {
  return type === "ObjectExpression" && Array.isArray(properties) && properties.length === 0;
}

function isCall({ type }: SyntaxNode): boolean {
  return type === "CallExpression";
}
