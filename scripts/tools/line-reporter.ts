/**
 * The output of a test run: one line per file, and complete failures at the end. A run with a
 * parent process leaves both in the file that PADDOCK_TEST_REPORT names, and the parent prints the
 * failures of all runs together. With PADDOCK_TEST_LOGS, the output of tests is shown as it comes;
 * otherwise only failing tests show theirs.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import colours from "picocolors";
import type { SerializedError, UserConsoleLog } from "vitest";
import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from "vitest/node";
import { formatDuration } from "./format.ts";
import { printSummary } from "./summary.ts";
import type { TestReport } from "./vitest-run.ts";

/** How much of a failing test's output is shown, from its end. */
const logCharactersMax = 4_000;
const stackLinesMax = 12;

// biome-ignore lint/style/noDefaultExport: vitest asks for it.
export default class LineReporter implements Reporter {
  readonly #logs = new Map<string, string>();

  onUserConsoleLog({ content, taskId }: UserConsoleLog): void {
    if (process.env.PADDOCK_TEST_LOGS) {
      process.stdout.write(content);
      return;
    }
    if (taskId === undefined) return;
    const log = (this.#logs.get(taskId) ?? "") + content;
    this.#logs.set(taskId, log.slice(-logCharactersMax));
  }

  onTestModuleEnd(module: TestModule): void {
    const tests = [...module.children.allTests()];
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const [failed, skipped] = [count("failed"), count("skipped")];
    const isRed = !module.ok();
    if (tests.length === skipped && !isRed) return;
    const parts = [
      isRed ? colours.red("✗") : colours.green("✓"),
      relative(process.cwd(), module.moduleId),
      failed > 0 ? colours.red(`${failed} of ${tests.length} failed`) : `${tests.length - skipped}`,
      ...(skipped > 0 ? [colours.dim(`${skipped} left out`)] : []),
      colours.dim(formatDuration(module.diagnostic().duration)),
    ];
    process.stdout.write(`  ${parts.join(" ")}\n`);
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        // The file in the tree that was tested, which may be a copy of this one.
        file: relative(process.cwd(), module.moduleId),
        name: test.fullName,
        state: test.result().state,
      })),
    );
    const count = (wanted: string) => tests.filter(({ state }) => state === wanted).length;
    const failures = modules.flatMap((module) => this.#failuresOf(module));
    for (const error of unhandled) failures.push(`${whereOf(error)}\n${describeError(error)}`);
    const report: TestReport = {
      passed: count("passed"),
      failed: count("failed"),
      skipped: count("skipped"),
      failures,
      tests,
      endedWell: reason === "passed",
    };
    const path = process.env.PADDOCK_TEST_REPORT;
    if (path) writeFileSync(path, JSON.stringify(report));
    else printSummary(report);
  }

  #failuresOf(module: TestModule): string[] {
    const file = relative(process.cwd(), module.moduleId);
    const failures = module.errors().map((error) => `${file}\n${describeError(error)}`);
    for (const suite of module.children.allSuites()) {
      for (const error of suite.errors()) failures.push(this.#failure(file, suite, error));
    }
    for (const test of module.children.allTests("failed")) {
      for (const error of test.result().errors ?? []) {
        failures.push(this.#failure(file, test, error));
      }
    }
    return failures;
  }

  #failure(file: string, entity: TestCase | TestSuite, error: SerializedError): string {
    const log = this.#logs.get(entity.id);
    const printed = log === undefined ? "" : `\nIt printed:\n${log.trimEnd()}`;
    return `${file} > ${entity.fullName}\n${describeError(error)}${printed}`;
  }
}

/** What ran when nobody caught an error; vitest notes it on the error itself. */
function whereOf({ VITEST_TEST_PATH: file, VITEST_TEST_NAME: test }: SerializedError): string {
  if (typeof file !== "string") return "outside of any test";
  const during = typeof test === "string" ? `, during or after "${test}"` : "";
  return `${relative(process.cwd(), file)}, outside of any test${during}`;
}

function describeError(error: SerializedError): string {
  const title = `${error.name ?? "Error"}: ${error.message}`;
  const stack = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at (?!new Promise )/.test(line) && !line.includes("/node_modules/"))
    .slice(0, stackLinesMax)
    .map((line) => line.replace(`${process.cwd()}/`, "").replace("file://", ""));
  const cause = error.cause ? [`caused by ${describeError(error.cause)}`] : [];
  return [title, ...(error.diff ? [error.diff] : []), ...stack, ...cause].join("\n");
}
