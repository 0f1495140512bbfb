/** One line per check with its duration, and its output only if it failed. */
import colours from "picocolors";
import { formatDuration } from "./format.ts";
import { repositoryRoot } from "./repository.ts";
import { startChild } from "./start-child.ts";

export interface Step {
  readonly title: string;
  /** A module to run with this Node, or a program in `node_modules`; then its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
  /** Whether its lines are printed as they come, because it takes many minutes. */
  readonly isShown?: boolean;
  /** What it gets besides this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface StepResult {
  readonly title: string;
  readonly passed: boolean;
  /** Nothing was found wrong because nothing could be checked; the output says why. */
  readonly skipped?: boolean;
  readonly output: string;
  readonly durationMs: number;
}

/** The exit code of a program that couldn't check anything here, as in the autotools. */
export const skippedCode = 77;
const outputBytesMax = 256 * 1024;

/** Runs `step` and prints its line. Never throws: a program that can't be started has failed. */
export async function runStep(step: Step): Promise<StepResult> {
  const startedAt = performance.now();
  const { code, output } = await run(step);
  const result: StepResult = {
    title: step.title,
    passed: code === 0 || code === skippedCode,
    skipped: code === skippedCode,
    output,
    durationMs: performance.now() - startedAt,
  };
  printStep(step.isShown ? { ...result, output: "" } : result);
  return result;
}

/** Prints the line of a step that was done some other way. */
export function printStep({ title, passed, skipped, output, durationMs }: StepResult): void {
  if (skipped) {
    console.log(`  ${colours.yellow("–")} ${title}: ${output.trim().split("\n").at(-1)}`);
    return;
  }
  const mark = passed ? colours.green("✓") : colours.red("✗");
  console.log(`  ${mark} ${title} ${colours.dim(formatDuration(durationMs))}`);
  if (!passed && output !== "") console.log(indent(output));
}

function run({
  command,
  timeoutMs,
  environment,
  isShown,
}: Step): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = startChild(command, {
      cwd: repositoryRoot,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      env: { ...process.env, ...environment, FORCE_COLOR: colours.isColorSupported ? "1" : "0" },
    });
    let output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputBytesMax);
      if (isShown) process.stdout.write(chunk);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code, signal) => {
      // A program that obeys the signal ends with a code of its own.
      const late = `\nstopped, because it hadn't ended after ${formatDuration(timeoutMs)}`;
      const ended = child.killed ? late : signal === null ? "" : `\nended by ${signal}`;
      resolve({ code, output: output + ended });
    });
  });
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
