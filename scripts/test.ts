/**
 * `npm test`: everything there is to check, cheapest first, and one closing line that counts it.
 * With arguments (`npm test -- functions/agents`) only the test files whose path contains one.
 */
import colours from "picocolors";
import { buildAll } from "./build/build-all.ts";
import { staticChecks, terraformCheck } from "./tools/checks.ts";
import { formatDuration } from "./tools/format.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { shareOfToday } from "./tools/share.ts";
import { printStep, runStep, type Step, type StepResult } from "./tools/step.ts";
import { type Counts, runVitest } from "./tools/vitest-run.ts";

const projects = [
  { name: "unit", timeoutMs: 180_000 },
  { name: "conformance", timeoutMs: 180_000 },
  { name: "sandbox", timeoutMs: 240_000 },
  { name: "cloud", timeoutMs: 480_000 },
  { name: "money", timeoutMs: 240_000 },
  { name: "failures", timeoutMs: 360_000 },
  { name: "policy", timeoutMs: 420_000 },
];
/** Every control's mutation is tried over this many days; `npm run test:mutations` tries all. */
const mutationShares = { unit: 8, policy: 24 };
/** The same of Terraform's own tests, which `npm run check:terraform` runs all. */
const terraformShares = 3;

const filters = process.argv.slice(2);
// Who asks for some of it wants all of that.
if (filters.length > 0) process.env.PADDOCK_EVERY_ROW = "1";
const startedAt = performance.now();
const counts: Counts[] = [];
const built = await buildStep();
counts.push(countOf(built));
// Without bundles there is nothing for the cloud to serve: one clear failure, not a hundred.
if (built.passed && filters.length > 0) await runTests(filters, 600_000);
else if (built.passed) {
  for (const result of await Promise.all(staticChecks.map(runStep))) counts.push(countOf(result));
  for (const { name, timeoutMs } of projects) {
    console.log(`\n${colours.bold(name)}`);
    await runTests(["--project", name], timeoutMs);
  }
  const terraform = await runStep(terraformStep());
  counts.push(countOf(terraform));
  counts.push(countOf(await runStep(mutationStep("unit"))));
  // Without plans there is nothing that a mutation could change.
  if (!terraform.skipped) counts.push(countOf(await runStep(mutationStep("policy"))));
}
close();

async function runTests(chosen: readonly string[], timeoutMs: number): Promise<void> {
  const args = ["--allowOnly=false", ...chosen];
  counts.push(await runVitest({ cwd: repositoryRoot, args, timeoutMs, shown: true }));
}

async function buildStep(): Promise<StepResult> {
  const began = performance.now();
  const result = { title: "Build", passed: true, output: "" };
  try {
    await buildAll(repositoryRoot);
  } catch (error) {
    Object.assign(result, { passed: false, output: String(error) });
  }
  const finished = { ...result, durationMs: performance.now() - began };
  printStep(finished);
  return finished;
}

function today(count: number): string {
  const { turn, of } = shareOfToday(count);
  return `${turn}/${of}`;
}

/** Whatever is valid is validated; of the tests, a share. */
function terraformStep(): Step {
  const command = [...terraformCheck.command, "--share", today(terraformShares)] as const;
  return { ...terraformCheck, command };
}

function mutationStep(only: keyof typeof mutationShares) {
  const share = today(mutationShares[only]);
  const args = ["--share", share, "--only", only];
  return {
    title: `Mutations (${only}), share ${share}`,
    command: [process.execPath, "scripts/test-mutations.ts", ...args] as const,
    timeoutMs: only === "unit" ? 120_000 : 300_000,
  };
}

function countOf({ passed, skipped = false }: StepResult): Counts {
  const counted = { passed: 0, failed: 0, skipped: 0 };
  if (skipped) return { ...counted, skipped: 1 };
  return passed ? { ...counted, passed: 1 } : { ...counted, failed: 1 };
}

function close(): void {
  const sum = (key: keyof Counts) => counts.reduce((total, count) => total + count[key], 0);
  const failed = sum("failed");
  const skipped = sum("skipped");
  console.log(`\n${colours.dim(`in ${formatDuration(performance.now() - startedAt)}`)}`);
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`${sum("passed")} passed, ${failed} failed${tail}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
