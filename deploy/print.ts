/** A deployment's output and questions in a terminal. */
import { createInterface } from "node:readline/promises";
import colours from "picocolors";
import type { CheckResult, Finding } from "./preflight/check-result.ts";

export const heading = (text: string) => console.log(`\n${colours.bold(colours.cyan(text))}`);
export const line = (text: string) => console.log(`  ${text}`);
export const done = (text: string) => line(`${colours.green("✓")} ${text}`);
export const detail = (text: string) => line(colours.dim(text));

const marks: Readonly<Record<Finding["kind"], string>> = {
  blocks: colours.red("✗"),
  note: colours.yellow("•"),
  unchecked: colours.yellow("?"),
};
const column = 13;

export function printResults(results: readonly CheckResult[]): void {
  for (const { subject, found, findings } of results) {
    const isFine = findings.every(({ kind }) => kind === "note");
    if (isFine && found !== "") done(`${subject.padEnd(column)}${found}`);
    for (const { kind, what, fix } of findings) {
      line(`${marks[kind]} ${subject.padEnd(column)}${what}`);
      for (const command of fix ?? []) line(`  ${"".padEnd(column)}${colours.bold(command)}`);
    }
  }
}

/** `1 thing`, `2 things`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** Thrown to end the program with a sentence for people and an exit code for programs. */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly exitCode: number;
  constructor(sentence: string, exitCode = 1) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

/**
 * Asks for a confirmation. @throws {Stop} for any other answer, or without a terminal.
 * @param word What must be typed; another word than `yes` for steps that can't be undone.
 */
export async function confirm(question: string, yes: boolean, word = "yes"): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new Stop(`${question} There is no terminal to ask in; --yes confirms everything.`);
  }
  const asked = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await asked.question(`\n  ${question} ${colours.dim(`(type ${word})`)} `);
    if (answer.trim() !== word) throw new Stop("Nothing more was changed.");
  } finally {
    asked.close();
  }
}
