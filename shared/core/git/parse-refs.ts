/** What branches and other names of commits point to. */
import type { ReadBudget } from "./read-budget.ts";

/** A commit, or another name that it stands for. */
export type RefTarget = { readonly oid: string } | { readonly name: string };

const oid = /^[0-9a-f]{40}$/;
const refName = /^refs\/[^\s~^:?*[\\]+$/;
/** What an entry of a map takes beside its key. */
const entryBytes = 200;

/** Null if the text is neither. */
export function parseRef(text: string): RefTarget | null {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  if (oid.test(line)) return { oid: line };
  const name = line.startsWith("ref:") ? line.slice(4).trim() : "";
  return refName.test(name) && !name.includes("..") ? { name } : null;
}

export function* parsePackedRefs(
  text: string,
  budget: ReadBudget,
): Generator<void, Map<string, string>> {
  const refs = new Map<string, string>();
  for (const line of linesOf(text)) {
    if (budget.work(30 + line.length / 2)) yield;
    const [id = "", name = ""] = line.split(" ", 2);
    if (!oid.test(id) || !name.startsWith("refs/")) continue;
    budget.keepText(name, entryBytes);
    refs.set(name, id);
  }
  return refs;
}

/** The commits of `.git/shallow`, each in a line of its own. */
export function* parseShallow(text: string, budget: ReadBudget): Generator<void, Set<string>> {
  const commits = new Set<string>();
  for (const line of linesOf(text)) {
    if (budget.work(30 + line.length / 8)) yield;
    if (!oid.test(line)) continue;
    budget.keepText(line, entryBytes);
    commits.add(line);
  }
  return commits;
}

/** One line at a time: a list of them could be a hundred times the text. */
export function* linesOf(text: string): Generator<string> {
  for (let start = 0; start <= text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, end);
    start = end + 1;
  }
}
