/** Baseline of the gate alone: the plain transaction by one caller, driven like `gate-starts`. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { nanoid } from "nanoid";
import { PlainStarts } from "../plain-transaction.ts";
import type { GateCrowd } from "./gate-starts.ts";

const crowd: GateCrowd = JSON.parse(process.argv[2] ?? "");
const { GOOGLE_CLOUD_PROJECT = "", BENCH_SAMPLE = "" } = process.env;
const starts = new PlainStarts(
  GOOGLE_CLOUD_PROJECT,
  JSON.parse(readFileSync(BENCH_SAMPLE, "utf8")),
);

async function run(): Promise<void> {
  const { before } = crowd;
  for (const threadId of before.threadIds) await starts.start(before.ownerId, threadId, nanoid());
  console.log("ready");
  await once(process.stdin, "data");
  const latenciesMs: number[] = [];
  for (const threadId of crowd.threadIds) {
    const sentAt = performance.now();
    await starts.start(crowd.ownerId, threadId, nanoid());
    latenciesMs.push(performance.now() - sentAt);
  }
  console.log(JSON.stringify(latenciesMs));
  process.exit(0);
}

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
