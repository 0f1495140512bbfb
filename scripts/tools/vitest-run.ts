/** Runs vitest and counts what it reported. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { vitestCommand } from "./checks.ts";
import { startChild } from "./start-child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface VitestResult extends Counts {
  /** The run itself went wrong: no test failed, yet it didn't end well. Counts as one failure. */
  readonly broken: boolean;
}

export interface VitestRun {
  readonly cwd: string;
  /** After `vitest run`: projects, files, a name pattern. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
  /** Whether the terminal sees its output as it comes. */
  readonly shown: boolean;
}

const Report = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
});

/**
 * A run that ends badly without a failed test (a crash, a file that can't be loaded, a leaked
 * error) counts as one failure, so no such run looks green.
 */
export async function runVitest(run: VitestRun): Promise<VitestResult> {
  const reportPath = join(temporaryFolder("paddock-test-"), "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
  const code = await start(run, vitestCommand(...reporters, ...run.args));
  if (!existsSync(reportPath)) {
    return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, broken: code !== 0 };
  }
  const report = Report.parse(JSON.parse(readFileSync(reportPath, "utf8")));
  const broken = report.numFailedTests === 0 && (code !== 0 || !report.success);
  return {
    passed: report.numPassedTests,
    failed: broken ? 1 : report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    broken,
  };
}

function start(run: VitestRun, command: readonly [string, ...string[]]): Promise<number | null> {
  const output = run.shown ? "inherit" : "ignore";
  return new Promise((resolve) => {
    const child = startChild(command, {
      cwd: run.cwd,
      stdio: ["ignore", output, output],
      timeout: run.timeoutMs,
    });
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
}
