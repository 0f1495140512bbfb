/** The parts of a test run. Each can be selected by its name. */
import { stop } from "esbuild";
import { buildAll } from "../build/build-all.ts";
import { staticChecks, terraformCheck } from "./checks.ts";
import { filesLeftOut } from "./file-turns.ts";
import { repositoryRoot } from "./repository.ts";
import { shareOfCommit } from "./shard.ts";
import { printStep, runStep, type Step, type StepResult } from "./step.ts";
import type { Summary } from "./summary.ts";
import { runVitest } from "./vitest-run.ts";

/** `short` tries the share that the commit chooses of large tables, `long` tries everything. */
export type Form = "short" | "long";

export type Part = (form: Form) => Promise<Summary>;

const minuteMs = 60_000;
/** A run that exceeds its time hangs; the long form has this many times as much. */
const longFactor = 4;
/**
 * The short form tries one in this many mutations and Terraform parts; the policy tests plan the
 * roots anyway.
 */
const mutationShares = 30;
const terraformShares = 14;

/** Parts by name, in the order of `--help`. */
export const parts = {
  static: () => allOf(staticChecks.map((step) => runStep(step).then(summaryOf))),
  unit: tests("unit", 10 * minuteMs),
  conformance: tests("conformance", 15 * minuteMs),
  sandbox: tests("sandbox", 15 * minuteMs),
  cloud: tests("cloud", 15 * minuteMs),
  money: tests("money", 15 * minuteMs),
  failures: tests("failures", 15 * minuteMs),
  policy: tests("policy", 15 * minuteMs),
  terraform: async (form) => {
    const share = form === "long" ? [] : ["--share", shareText(terraformShares)];
    const command = [...terraformCheck.command, ...share] as const;
    return summaryOf(await runStep({ ...terraformCheck, command, isShown: form === "long" }));
  },
  mutations: async (form) => {
    const share = form === "long" ? "1/1" : shareText(mutationShares);
    const step: Step = {
      title: form === "long" ? "Mutations" : `Mutations, share ${share}`,
      command: [
        process.execPath,
        "scripts/test-mutations.ts",
        ...["--share", share],
        // With its own cloud, sandbox or plans each takes half a minute.
        ...(form === "long" ? [] : ["--only", "light"]),
      ],
      timeoutMs: form === "long" ? 180 * minuteMs : 15 * minuteMs,
      isShown: form === "long",
    };
    return summaryOf(await runStep(step));
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

export const partNames = Object.keys(parts) as readonly PartName[];

export async function buildPart(): Promise<Summary> {
  const began = performance.now();
  const result = { title: "Build", passed: true, output: "" };
  try {
    await buildAll(repositoryRoot);
  } catch (error) {
    Object.assign(result, { passed: false, output: String(error) });
  }
  // Else esbuild's process keeps what it has parsed, a gigabyte at worst, until the run ends.
  await stop();
  const finished = { ...result, durationMs: performance.now() - began };
  printStep(finished);
  return summaryOf(finished);
}

/** The sum of the counts of several runs. */
export function addUp(summaries: readonly Summary[]): Summary {
  const sum = (key: "passed" | "failed" | "skipped") =>
    summaries.reduce((total, summary) => total + summary[key], 0);
  const failures = summaries.flatMap((summary) => summary.failures);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped"), failures };
}

async function allOf(running: readonly Promise<Summary>[]): Promise<Summary> {
  return addUp(await Promise.all(running));
}

function tests(project: string, timeoutMs: number): Part {
  return async (form) => {
    const left = form === "long" ? [] : filesLeftOut(project);
    const excluded = left.flatMap((file) => ["--exclude", file]);
    const args = ["--allowOnly=false", "--project", project, ...excluded];
    const limitMs = form === "long" ? longFactor * timeoutMs : timeoutMs;
    return await runVitest({ cwd: repositoryRoot, args, timeoutMs: limitMs, shown: true });
  };
}

function shareText(count: number): string {
  const { turn, of } = shareOfCommit(count);
  return `${turn}/${of}`;
}

function summaryOf({ title, passed, skipped = false, output }: StepResult): Summary {
  const none = { passed: 0, failed: 0, skipped: 0, failures: [] };
  if (skipped) return { ...none, skipped: 1 };
  return passed
    ? { ...none, passed: 1 }
    : { ...none, failed: 1, failures: [`${title}\n${output}`] };
}
