import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { cpuMsOf } from "./function-child.ts";
import { median } from "./statistics.ts";

const Load = z.object({
  perSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  statuses: z.record(z.string(), z.int()),
});
export interface Load extends z.infer<typeof Load> {
  /**
   * CPU time per request of the server's process, which the machine's other work hardly affects.
   */
  readonly cpuMs: number;
}

export interface LoadOn {
  readonly port: number;
  readonly pid: number;
  /** Paths that the connections request in turn. */
  readonly paths: readonly string[];
  readonly key?: string;
  /** Every answer must have this status, because fast errors don't count as speed. */
  readonly status: number;
}

export const connections = 16;
const generator = join(import.meta.dirname, "load-generator.ts");

/** One round of load. @throws if any answer had another status. */
async function oneRound(target: LoadOn, durationMs: number): Promise<Load> {
  const { port, paths, key, status } = target;
  const authorization = key === undefined ? "" : `\r\nauthorization: Bearer ${key}`;
  const heads = JSON.stringify(paths.map((path) => `GET ${path} HTTP/1.1${authorization}`));
  const args = [generator, String(port), String(connections), String(durationMs), heads];
  const timeout = durationMs + 30_000;
  const cpuBeforeMs = cpuMsOf(target.pid);
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout });
  const load = Load.parse(JSON.parse(stdout));
  const others = Object.keys(load.statuses).filter((seen) => seen !== String(status));
  if (others.length > 0)
    throw new Error(`${paths[0]} answered ${others.join(", ")}, not ${status}`);
  const requests = load.statuses[status] ?? 0;
  return { ...load, cpuMs: (cpuMsOf(target.pid) - cpuBeforeMs) / requests };
}

export interface Rounds {
  readonly rounds: number;
  readonly durationMs: number;
}

/**
 * Loads both in turn, round after round, so that noise affects both. The first round only warms up;
 * the median round of each counts.
 */
export async function loadByTurns(
  both: { readonly ours: LoadOn; readonly bare: LoadOn },
  { rounds, durationMs }: Rounds,
): Promise<{ readonly ours: Load; readonly bare: Load }> {
  const ours: Load[] = [];
  const bare: Load[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const first = await oneRound(both.ours, durationMs);
    const second = await oneRound(both.bare, durationMs);
    if (round === 0) continue;
    ours.push(first);
    bare.push(second);
  }
  return { ours: middle(ours), bare: middle(bare) };
}

function middle(loads: readonly Load[]): Load {
  return {
    perSecond: median(loads.map(({ perSecond }) => perSecond)),
    p50Ms: median(loads.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(loads.map(({ p99Ms }) => p99Ms)),
    cpuMs: median(loads.map(({ cpuMs }) => cpuMs)),
    statuses: loads[0]?.statuses ?? {},
  };
}
