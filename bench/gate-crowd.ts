import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import type { GateCrowd } from "./baselines/gate-starts.ts";
import type { Bench } from "./figure.ts";
import { percentile } from "./statistics.ts";

const Latencies = z.array(z.number()).min(1);

export interface GateRun {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Starts one program per crowd, all at once: through the gate, or with the baseline's plain
 * transaction, which copies a sample's documents.
 */
export async function runGates(
  bench: Bench,
  what: "gate" | { readonly sampleFile: string },
  crowds: readonly GateCrowd[],
): Promise<GateRun> {
  const program = what === "gate" ? "gate-starts" : "plain-gate";
  const sample = what === "gate" ? {} : { BENCH_SAMPLE: what.sampleFile };
  const bundle = join(bench.bareFolder, `${program}.cjs`);
  const children = crowds.map((crowd) =>
    spawn(process.execPath, [bundle, JSON.stringify(crowd)], {
      env: { ...bench.environment, ...sample },
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  try {
    const lines = children.map(linesOf);
    for (const line of lines) await next(line, "ready");
    const beganAt = performance.now();
    for (const { stdin } of children) stdin?.end("go\n");
    const printed = await Promise.all(lines.map((line) => next(line, "[")));
    const seconds = (performance.now() - beganAt) / 1_000;
    const latenciesMs = printed.flatMap((line) => Latencies.parse(JSON.parse(line)));
    return {
      perSecond: latenciesMs.length / seconds,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  if (!child.stdout) throw new Error("a program without an output");
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

/** Anything else that a program prints is its log. */
async function next(lines: AsyncIterator<string>, beginning: string): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("a program that ended before it was done");
    if (value.startsWith(beginning)) return value;
  }
}
