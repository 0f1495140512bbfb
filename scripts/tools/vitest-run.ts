/** Runs one vitest project with its output shown as it comes, and counts what it reported. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { vitestCommand } from "./checks.ts";
import { repositoryRoot } from "./repository.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
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
export async function runVitestProject(
  project: string,
  filters: readonly string[],
  timeoutMs: number,
): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "paddock-test-"));
  const reportPath = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
    const code = await show(
      vitestCommand("--project", project, ...reporters, ...filters),
      timeoutMs,
    );
    if (!existsSync(reportPath)) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
    const report = Report.parse(JSON.parse(readFileSync(reportPath, "utf8")));
    const failed = report.numFailedTests;
    return {
      passed: report.numPassedTests,
      failed: failed === 0 && (code !== 0 || !report.success) ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(command: readonly [string, ...string[]], timeoutMs: number): Promise<number | null> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: repositoryRoot,
      stdio: ["ignore", "inherit", "inherit"],
      timeout: timeoutMs,
    });
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
}
