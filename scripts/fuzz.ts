/** `npm run fuzz`: see `usage`. */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import colours from "picocolors";
import { startLocalCloud } from "../local/cloud.ts";
import { fuzz } from "../test/kit/fuzz/run.ts";
import { prepareTarget } from "../test/kit/fuzz/target.ts";
import { wideLimits } from "../test/kit/wide-limits.ts";
import { buildAll } from "./build/build-all.ts";
import { formatDuration } from "./tools/format.ts";
import { readOptions, refuse } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

const usage = `
npm run fuzz -- [options]: sends arbitrary requests to a local cloud of its own. Exit code 1 if one is
answered 5xx, or not as openapi/paddock.json describes. Each kind of fault is printed when it is found.

  --requests 100000  how many
  --seed 7           the same requests again`;
const values = readOptions(usage, {
  requests: { type: "string", default: "100000" },
  seed: { type: "string" },
});
const requests = Number(values.requests);
const seed = Number(values.seed ?? randomInt(1_000_000));
if (!(requests > 0) || !Number.isSafeInteger(seed)) {
  refuse("--requests and --seed are numbers.");
}
await buildAll(repositoryRoot);
const dataFolder = await mkdtemp(join(tmpdir(), "paddock-fuzz-"));
const addresses = { max: 10_000_000 };
const cloud = await startLocalCloud({
  dataFolder,
  fresh: true,
  limits: { ...wideLimits, addresses },
  unscheduled: ["exporter", "incident-watch"],
});
const beganAt = performance.now();
const isTerminal = process.stdout.isTTY;

function showProgress(sent: number): void {
  const seconds = (performance.now() - beganAt) / 1_000;
  const rate = Math.round(sent / seconds);
  const left = formatDuration(((requests - sent) / Math.max(rate, 1)) * 1_000);
  const line = `${sent} of ${requests} requests, ${rate} a second, ${left} to go`;
  if (isTerminal) process.stdout.write(`\r\x1b[2K  ${line}`);
  else if (sent % 10_000 === 0) console.log(`  ${line}`);
}

/** The seed and the moment, so that the requests up to this one can be sent again. */
function showFault(fault: string): void {
  if (isTerminal) process.stdout.write("\r\x1b[2K");
  const time = formatDuration(performance.now() - beganAt);
  console.log(`${colours.red("✗")} after ${time}, with seed ${seed}: ${fault}\n`);
}

try {
  console.log(`${requests} requests with seed ${seed}`);
  const target = await prepareTarget(cloud);
  const result = await fuzz(target, {
    requests,
    seed,
    deepPercent: 60,
    onProgress: showProgress,
    onFault: showFault,
  });
  if (isTerminal) process.stdout.write("\r\x1b[2K");
  const statuses = Object.entries(result.byStatus).map(([status, count]) => `${status}: ${count}`);
  const took = formatDuration(performance.now() - beganAt);
  console.log(`${result.sent} requests with seed ${seed} in ${took}; ${statuses.join(", ")}`);
  console.log(`${result.repeated} were sent again: a 503 said when, or an answer broke off`);
  console.log(`${result.faults.length} kinds of answers that are 5xx or not as described`);
  if (result.faults.length > 0) process.exitCode = 1;
} finally {
  await cloud.stop();
  await rm(dataFolder, { recursive: true, force: true });
}
