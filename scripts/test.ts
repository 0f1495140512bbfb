/**
 * `npm test`: every check in its short form, and a closing line that counts them. With arguments
 * (`npm test -- functions/agents`) it runs only the test files whose path contains one of them,
 * with every row of their tables and their output. `npm run test:long` is the long form of
 * everything.
 */
import colours from "picocolors";
import { commitId } from "./tools/commit.ts";
import { shareCompiledCode } from "./tools/compile-cache.ts";
import { formatDuration } from "./tools/format.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { printSummary, type Summary } from "./tools/summary.ts";
import { addUp, buildPart, type PartName, parts } from "./tools/test-parts.ts";
import { runVitest } from "./tools/vitest-run.ts";

/**
 * Lanes that run side by side on two cores. The first one computes; the others also wait for
 * processes that they have started, which two lanes are enough to fill. With a fourth lane the same
 * tests take more CPU, since each cloud's timers and each wait run for longer. The sandbox's tests
 * count what their machine has, so they run after those that kill clouds.
 */
const lanes: readonly (readonly PartName[])[] = [
  ["static", "unit", "policy", "terraform", "mutations", "conformance"],
  ["cloud"],
  ["failures", "sandbox", "money"],
];
const filteredTimeoutMs = 900_000;

const filters = process.argv.slice(2);
const startedAt = performance.now();
// Read once here, for all processes that the run starts.
commitId();
shareCompiledCode();
const built = await buildPart();
const summaries = [built];
// Without bundles the cloud can't serve anything: one clear failure instead of a hundred.
if (built.failed === 0) {
  if (filters.length > 0) summaries.push(await runFiltered());
  else summaries.push(...(await Promise.all(lanes.map(runLane))));
}
const total = addUp(summaries);
console.log(`\n${colours.dim(`in ${formatDuration(performance.now() - startedAt)}`)}`);
printSummary(total);
process.exitCode = total.failed > 0 ? 1 : 0;

async function runLane(names: readonly PartName[]): Promise<Summary> {
  const done: Summary[] = [];
  for (const name of names) done.push(await parts[name]("short"));
  return addUp(done);
}

async function runFiltered(): Promise<Summary> {
  process.env.PADDOCK_EVERY_ROW = "1";
  const args = ["--allowOnly=false", ...filters];
  return await runVitest({
    cwd: repositoryRoot,
    args,
    timeoutMs: filteredTimeoutMs,
    shown: true,
    logs: true,
  });
}
