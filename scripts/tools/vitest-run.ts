/** Runs vitest with one line per file, and returns what it counted and what failed. */
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
  /** Each complete failure: where, what, and what the test had printed. */
  readonly failures: readonly string[];
  /** Each test that ran, by its file and its full name. */
  readonly tests: readonly TestState[];
  /** The run itself failed although no test did; this counts as one failure. */
  readonly broken: boolean;
}

export interface VitestRun {
  readonly cwd: string;
  /** The arguments after `vitest run`: projects, files, a name pattern. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
  /** Whether the terminal shows its output as it comes. */
  readonly shown: boolean;
  /** Whether the output of passing tests is shown too. */
  readonly logs?: boolean;
}

const TestState = z.object({ file: z.string(), name: z.string(), state: z.string() });
export type TestState = z.infer<typeof TestState>;

const TestReport = z.object({
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  failures: z.array(z.string()),
  tests: z.array(TestState),
  endedWell: z.boolean(),
});
/** What the reporter leaves for the process that started the run. */
export type TestReport = z.infer<typeof TestReport>;

/** An absolute path, because a run in a copy of the tree has no reporter of its own. */
const reporter = join(import.meta.dirname, "line-reporter.ts");

/**
 * A run that ends badly without a failed test (a crash, a file that can't be loaded, a leaked
 * error) counts as one failure, so no such run looks green.
 */
export async function runVitest(run: VitestRun): Promise<VitestResult> {
  const reportPath = join(temporaryFolder("paddock-test-"), "report.json");
  const { code, signal, outputTail } = await start(run, reportPath);
  const how = signal === null ? `exit code ${code}` : `${signal} (limit: ${run.timeoutMs} ms)`;
  // A failing set-up belongs to no test, and its reason is only on stderr, far above the closing
  // line.
  const ending = outputTail === "" ? how : `${how}:\n${outputTail}`;
  if (!existsSync(reportPath)) {
    const failures = [`vitest ${run.args.join(" ")}\nended without a report: ${ending}`];
    return { passed: 0, failed: 1, skipped: 0, broken: true, failures, tests: [] };
  }
  const report = TestReport.parse(JSON.parse(readFileSync(reportPath, "utf8")));
  const { passed, skipped, tests } = report;
  const broken = report.failed === 0 && (code !== 0 || !report.endedWell);
  const failures = [...report.failures];
  if (broken && failures.length === 0) {
    failures.push(`vitest ${run.args.join(" ")}\nno test failed, yet it ended with ${ending}`);
  }
  return { passed, failed: broken ? 1 : report.failed, skipped, broken, failures, tests };
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to stderr. */
  readonly outputTail: string;
}

/** How much of a run's stderr is kept, from its end. */
const outputTailCharactersMax = 4_000;

function start({ cwd, args, timeoutMs, shown, logs }: VitestRun, report: string): Promise<Ending> {
  const output = shown ? "inherit" : "ignore";
  const silent = `--silent=${logs ? "false" : "passed-only"}`;
  const command = vitestCommand(`--reporter=${reporter}`, silent, ...args);
  return new Promise((resolve) => {
    const child = startChild(command, {
      cwd,
      stdio: ["ignore", output, "pipe"],
      timeout: timeoutMs,
      env: {
        ...process.env,
        PADDOCK_TEST_REPORT: report,
        ...(logs ? { PADDOCK_TEST_LOGS: "1" } : {}),
      },
    });
    let outputTail = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      outputTail = (outputTail + text).slice(-outputTailCharactersMax);
      if (shown) process.stderr.write(text);
    });
    child.on("error", ({ message }) => resolve({ code: null, signal: null, outputTail: message }));
    child.on("close", (code, signal) => resolve({ code, signal, outputTail: outputTail.trim() }));
  });
}
