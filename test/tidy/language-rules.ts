/**
 * What a check can see of the language that docs/style.md asks for: comments that open with a
 * fragment, prepositions as parameter names, and words that make a reader stumble.
 */
import type { Comment } from "oxc-parser";
import {
  type Finding,
  isNode,
  nameOf,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./source-file.ts";

/** Words that this repository doesn't use, each with what to write instead. */
const words: Readonly<Record<string, string>> = {
  [`who${"ever"}`]: "say who: a client, a caller, a process",
  [`a${"new"}`]: "write `again`",
};

const prepositions = [
  ...["at", "between", "by", "for", "in", "into", "of", "on", "over", "per"],
  ...["to", "under", "upon", "with", "within", "without"],
];
const opensWithGenitive = /^(of|whose|whom)\b/i;
const opensWithRelative =
  /^(at|behind|below|beside|between|by|for|from|in|into|on|past|through|to|under|until|with) (how|what|when|where|which|whom|whose)\b/i;
const opensWithPreposition =
  /^(behind|beside|between|beyond|by|for|from|into|past|through|under|until|with|without)\b/i;
/** Auxiliaries, and the ending of a verb's third person, which a plural noun has as well. */
const mayHoldVerb =
  /\b(are|can|can't|cannot|could|did|didn't|do|don't|has|have|is|isn't|may|might|must|need|was|were|will|would|\w{3,}s)\b/i;

/** Comments, parameters and words of one source file. */
export function findLanguageFaults(source: SourceFile): Finding[] {
  const { path, lineOf } = source;
  const found = (offset: number, message: string) => ({ path, line: lineOf(offset), message });
  const openings = source.comments.filter((comment, index) => {
    const before = source.comments[index - 1];
    return before === undefined || !continues(source, before, comment);
  });
  const findings = openings.flatMap(({ value, start }) => {
    const text = value.replaceAll(/^\*|\n\s*\*/g, " ").trim();
    return isFragment(text) ? [found(start, `opens with a fragment: "${text.slice(0, 40)}"`)] : [];
  });
  walk(source.body, (node) => {
    for (const name of prepositionsAmong(node)) {
      findings.push(found(node.start, `a parameter isn't called \`${name}\`: name what it is`));
    }
  });
  return [...findings, ...findWords(path, source.text)];
}

/** Names the words in any text of the repository, code and pages alike. */
export function findWords(path: string, text: string): Finding[] {
  return text.split("\n").flatMap((line, index) =>
    Object.entries(words)
      .filter(([word]) => new RegExp(`\\b${word}\\b`, "i").test(line))
      .map(([word, instead]) => ({ path, line: index + 1, message: `"${word}": ${instead}` })),
  );
}

/** Consecutive lines of `//` are one comment. */
function continues({ text }: SourceFile, before: Comment, comment: Comment): boolean {
  if (before.type !== "Line" || comment.type !== "Line") return false;
  const lineStart = text.lastIndexOf("\n", before.start) + 1;
  const standsAlone = text.slice(lineStart, before.start).trim() === "";
  return standsAlone && /^\n[ \t]*$/.test(text.slice(before.end, comment.start));
}

function isFragment(text: string): boolean {
  if (opensWithGenitive.test(text) || opensWithRelative.test(text)) return true;
  const first = text.split(/[.;:](?:\s|$)/, 1)[0] ?? "";
  return opensWithPreposition.test(first) && !first.includes(",") && !mayHoldVerb.test(first);
}

/** `to` is allowed next to `from`: together they are the ends of a range or of a move. */
function prepositionsAmong(node: SyntaxNode): string[] {
  const { params } = node;
  if (!Array.isArray(params)) return [];
  const names = params.filter(isNode).map(parameterName);
  return names.filter(
    (name) => prepositions.includes(name) && !(name === "to" && names.includes("from")),
  );
}

/** A parameter's name, also where it has a default or takes the rest; empty for a pattern. */
function parameterName(parameter: SyntaxNode): string {
  const inner = parameter.parameter ?? parameter.left ?? parameter.argument;
  if (isNode(inner)) return parameterName(inner);
  return nameOf(parameter) ?? "";
}
