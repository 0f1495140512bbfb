/** `npm run chaos:money`: see `usage`. */
import { randomInt } from "node:crypto";
import colours from "picocolors";
import { buildAll } from "./build/build-all.ts";
import { formatDuration } from "./tools/format.ts";
import { readOptions, refuse } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { runVitest } from "./tools/vitest-run.ts";

const usage = `
npm run chaos:money -- [options]: the money proofs at full counts, round after round, each with a seed
of its own.

  --minutes 10  how long
  --seed 7      the round with that seed alone`;
const values = readOptions(usage, {
  seed: { type: "string" },
  minutes: { type: "string", default: "10" },
});
const durationMs = Number(values.minutes) * 60_000;
const firstSeed = Number(values.seed ?? randomInt(1_000_000));
if (!(durationMs > 0) || !Number.isSafeInteger(firstSeed)) {
  refuse("--minutes and --seed are numbers.");
}
const roundMsMax = 900_000;
await buildAll(repositoryRoot);
process.env.PADDOCK_LONG = "1";
const beganAt = performance.now();
let round = 0;
// A given seed is played once, since somebody wants to reproduce it.
do {
  const seed = firstSeed + round;
  round += 1;
  const since = formatDuration(performance.now() - beganAt);
  console.log(colours.bold(`\nround ${round}, seed ${seed}, after ${since}`));
  process.env.PADDOCK_SEED = String(seed);
  const args = ["--project", "money"];
  const run = { cwd: repositoryRoot, args, timeoutMs: roundMsMax, shown: true };
  const { failed } = await runVitest(run);
  if (failed > 0) {
    console.log(`npm run chaos:money -- --seed ${seed} plays it again`);
    process.exitCode = 1;
  }
} while (values.seed === undefined && performance.now() - beganAt < durationMs);
console.log(`\n${round} rounds in ${formatDuration(performance.now() - beganAt)}`);
