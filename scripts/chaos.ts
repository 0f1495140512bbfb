/**
 * `npm run chaos`: executions under disturbances that a seed chooses, then what is too long for
 * `npm test`: a deploy both ways, and volumes.
 */
import { randomInt } from "node:crypto";
import { buildAll } from "./build/build-all.ts";
import { readOptions, refuse } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { runVitest } from "./tools/vitest-run.ts";

const usage = `
npm run chaos -- [options]: executions under disturbances that a seed chooses, checked after each
round; then a deploy forward and back, 50,000 files, and 2 GB.

  --minutes 10   how long
  --seed 7       the same disturbances again
  --round 12     that round of the seed alone`;
const values = readOptions(usage, {
  seed: { type: "string", default: String(randomInt(1_000_000)) },
  round: { type: "string" },
  minutes: { type: "string", default: "10" },
});
const durationMs = Number(values.minutes) * 60_000;
if (!(durationMs > 0)) refuse("--minutes is a number above zero.");
for (const [name, value] of [
  ["seed", values.seed],
  ["round", values.round ?? "0"],
] as const) {
  if (!/^[0-9]{1,9}$/.test(value)) refuse(`--${name} is a whole number.`);
}
console.log(`seed ${values.seed}: npm run chaos -- --seed ${values.seed} plays it again`);
await buildAll(repositoryRoot);
process.env.PADDOCK_SEED = values.seed;
process.env.PADDOCK_CHAOS_MS = String(durationMs);
if (values.round !== undefined) process.env.PADDOCK_CHAOS_ROUND = values.round;
process.env.PADDOCK_LONG = "1";
const parts = [
  { args: ["--project", "failures", "test/failures/chaos"], timeoutMs: durationMs + 180_000 },
  { args: ["--project", "failures", "test/failures/rolling-deploy"], timeoutMs: 300_000 },
  { args: ["--project", "cloud", "test/integration/volumes"], timeoutMs: 900_000 },
];
for (const part of values.round === undefined ? parts : parts.slice(0, 1)) {
  const { failed } = await runVitest({ cwd: repositoryRoot, ...part, shown: true });
  if (failed > 0) process.exitCode = 1;
}
