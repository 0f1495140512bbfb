/**
 * `npm run chaos`: ten minutes of executions under disturbances that a seed chooses, then volumes
 * that are too large for `npm test`: 50,000 files, and 2 GB.
 * `--seed 7` and `--round 12` replay, `--minutes 1` is shorter.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { buildAll } from "./build/build-all.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { runVitest } from "./tools/vitest-run.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(randomInt(1_000_000)) },
    round: { type: "string" },
    minutes: { type: "string", default: "10" },
  },
});
const durationMs = Number(values.minutes) * 60_000;
if (!(durationMs > 0) || !Number.isSafeInteger(Number(values.seed))) {
  throw new Error("--minutes and --seed are numbers");
}
console.log(`seed ${values.seed}: npm run chaos -- --seed ${values.seed} plays it again`);
await buildAll(repositoryRoot);
process.env.PADDOCK_CHAOS_SEED = values.seed;
process.env.PADDOCK_CHAOS_MS = String(durationMs);
if (values.round !== undefined) process.env.PADDOCK_CHAOS_ROUND = values.round;
process.env.PADDOCK_LONG = "1";
const parts = [
  { args: ["--project", "failures", "test/failures/chaos"], timeoutMs: durationMs + 180_000 },
  { args: ["--project", "cloud", "test/integration/volumes"], timeoutMs: 900_000 },
];
for (const part of values.round === undefined ? parts : parts.slice(0, 1)) {
  const { failed } = await runVitest({ cwd: repositoryRoot, ...part, shown: true });
  if (failed > 0) process.exitCode = 1;
}
