/** Rules on a file's shape: lengths, names, and what mustn't be left in it. */
import { basename } from "node:path";
import { type Finding, isNode, type SourceFile, type SyntaxNode, walk } from "./source-file.ts";

const fileLinesMax = 300;
const functionLinesMax = 70;
const columnsMax = 100;
/** Files that may turn a plain value into a type that nothing else can make. */
const mints = ["shared/identity/owner.ts", "shared/pipeline/route.ts"];
const functionTypes = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.(ts|mjs)$/;

/** Checks the rules that every file keeps; each finding has its line. */
export function findShapeFaults(source: SourceFile): Finding[] {
  const found = (line: number, message: string) => ({ path: source.path, line, message });
  const findings: Finding[] = [];
  const lines = source.text.split("\n").length - 1;
  if (lines > fileLinesMax) {
    findings.push(found(1, `file of ${lines} lines: at most ${fileLinesMax}`));
  }
  if (!kebabCase.test(basename(source.path))) {
    findings.push(found(1, "file names are kebab-case"));
  }
  walk(source.body, (node, parents) => {
    const message = faultOf(source, node, parents);
    if (message !== null) findings.push(found(source.lineOf(node.start), message));
  });
  return [...findings, ...commentFaults(source)];
}

function faultOf(
  source: SourceFile,
  node: SyntaxNode,
  parents: readonly SyntaxNode[],
): string | null {
  // Tests state what they expect of an answer; biome requires a reason for each `any` there.
  if (node.type === "TSAnyKeyword" && !source.path.startsWith("test/"))
    return "`any` switches the types off";
  if (node.type === "TSAsExpression" && isNode(node.expression) && !mints.includes(source.path)) {
    if (node.expression.type === "TSAsExpression") return "`as … as` switches the types off";
  }
  if (node.type === "ExportAllDeclaration") return "no barrels: import the module you mean";
  if (node.type === "ExportNamedDeclaration" && isNode(node.source)) {
    return "no barrels: import the module you mean";
  }
  if (!functionTypes.includes(node.type) || isDescribe(parents.at(-1))) return null;
  const length = source.lineOf(node.end) - source.lineOf(node.start) + 1;
  return length > functionLinesMax
    ? `function of ${length} lines: at most ${functionLinesMax}`
    : null;
}

/** A group of tests is a list, not a function that anybody reads in one go. */
function isDescribe(call: SyntaxNode | undefined): boolean {
  if (call?.type !== "CallExpression") return false;
  let callee: unknown = call.callee;
  while (isNode(callee) && callee.type !== "Identifier") callee = callee.object ?? callee.callee;
  return isNode(callee) && callee.name === "describe";
}

function commentFaults({ path, text, comments, lineOf }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  for (const { value, start } of comments) {
    const line = lineOf(start);
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(value)) {
      findings.push({
        path,
        line,
        message: "unfinished work belongs in an issue, not in a comment",
      });
    }
    if (/^\s*@ts-(ignore|nocheck)/.test(value)) {
      findings.push({ path, line, message: "a type error is fixed, not silenced" });
    }
    if (/^\s*@ts-expect-error/.test(value) && !path.endsWith(".test.ts")) {
      findings.push({ path, line, message: "only a test may expect a type error" });
    }
    value.split("\n").forEach((_, index) => {
      const length = text.split("\n")[line - 1 + index]?.length ?? 0;
      if (length <= columnsMax) return;
      const message = `line of ${length} columns: at most ${columnsMax}`;
      findings.push({ path, line: line + index, message });
    });
  }
  return findings;
}
