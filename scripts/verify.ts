/**
 * `npm run verify`: form, types, dead code, and the unit tests that take less than a second each.
 * It needs neither an emulator nor rights; `npm test` runs all unit tests.
 */
import { availableParallelism } from "node:os";
import colours from "picocolors";
import { staticChecks, vitestCommand } from "./tools/checks.ts";
import { formatDuration } from "./tools/format.ts";
import { readOptions } from "./tools/options.ts";
import { runStep, type Step } from "./tools/step.ts";

readOptions(
  `
npm run verify: form, types, dead code and the fast unit tests; it has no options`,
  {},
);
const unitTests: Step = {
  title: "Unit tests, import rule, currentness of documents",
  // Vitest leaves a processor free by default, which is half of them on a small machine.
  command: vitestCommand(
    ...["--project", "unit", "--tagsFilter", "!slow"],
    ...["--maxWorkers", String(availableParallelism())],
  ),
  timeoutMs: 300_000,
};

const startedAt = performance.now();
const results = await Promise.all([...staticChecks, unitTests].map(runStep));
const failed = results.filter(({ passed }) => !passed).length;
const took = formatDuration(performance.now() - startedAt);
if (failed > 0) {
  console.log(`${colours.red("✗")} ${failed} of ${results.length} failed ${colours.dim(took)}`);
  process.exitCode = 1;
} else console.log(`${colours.green("✓")} all ${results.length} passed ${colours.dim(took)}`);
