/** A commit's subject reads `area: imperative` and fits into 72 columns. */
import { execFileSync } from "node:child_process";

/** Subjects up to this commit were written before the rule. */
const lastUnruled = "782a6c49880d0530ce60f76f13f1528640b944db";
const subjectColumnsMax = 72;

const form = /^[a-z0-9][a-z0-9 ,./_-]*: (\S+)/;
/** Words that begin a sentence or a list, but aren't imperatives. */
const openings = [
  ...["a", "all", "an", "both", "each", "every", "four", "how", "less", "more", "new", "no", "one"],
  ...["some", "that", "the", "their", "these", "three", "two", "what", "when", "where", "why"],
];
/** Imperatives that look like another form. */
const imperatives = [
  ...["access", "address", "bring", "bypass", "compress", "discuss", "embed", "express", "feed"],
  ...["focus", "need", "pass", "process", "seed", "speed", "string", "suppress", "witness"],
];

/** The subjects since the rule, without merges; null if git can't tell (a shallow clone). */
export function subjectsSinceRule(root: string): readonly string[] | null {
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" });
  try {
    const log = git("log", "--no-merges", "--format=%s", `${lastUnruled}..HEAD`);
    return log.split("\n").filter((line) => line !== "");
  } catch {
    return null;
  }
}

/** Says what is wrong with a subject; null if nothing is. */
export function subjectFault(subject: string): string | null {
  if (subject.length > subjectColumnsMax) {
    return `"${subject}": ${subject.length} columns, at most ${subjectColumnsMax}`;
  }
  const verb = form.exec(subject)?.[1] ?? "";
  const isOtherForm = /(ed|ing|[^s]s)$/.test(verb) && !imperatives.includes(verb);
  const isImperative = /^[a-z][a-z'-]*$/.test(verb) && !isOtherForm && !openings.includes(verb);
  return isImperative ? null : `"${subject}": write \`area: imperative\``;
}
