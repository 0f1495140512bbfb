import { type Finding, type SourceFile, type SyntaxNode, walk } from "./source-file.ts";

interface Listed {
  /** The folders that the rule holds for; tests are none of it. */
  readonly folders: RegExp;
  /** The files that may call it, and why. */
  readonly places: Readonly<Record<string, string>>;
  readonly isMeant: (call: SyntaxNode) => boolean;
  readonly message: string;
}

/** Calls that only the listed places may make, elsewhere. */
export function findUnlistedCalls(
  { path, body, lineOf }: SourceFile,
  { folders, places, isMeant, message }: Listed,
): Finding[] {
  if (!folders.test(path) || path.endsWith(".test.ts") || path in places) return [];
  const findings: Finding[] = [];
  walk(body, (node) => {
    if (node.type !== "CallExpression" || !isMeant(node)) return;
    findings.push({ path, line: lineOf(node.start), message });
  });
  return findings;
}
