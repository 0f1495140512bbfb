import { execFile } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { type CpuMs, cpuSoFar, livingChildren } from "../cpu-tree.ts";
import type { Figure, Row } from "../figure.ts";
import { newOwner, newThread } from "../owners.ts";
import { median } from "../statistics.ts";
import { sendScript } from "../stream-client.ts";

const sizes = {
  short: { warmUp: 1, rounds: 1, executions: 1, bareStarts: 2 },
  full: { warmUp: 10, rounds: 5, executions: 10, bareStarts: 10 },
};
const script = "echo hello";
const removalMsMax = 10_000;
const pollMs = 20;
const bare = "one bare start of Node";

/** What a trivial execution costs the whole machine: every process, including the emulator. */
export const executionCpu: Figure = {
  name: "cpu",
  title: `CPU of an execution, \`${script}\``,
  async run(bench) {
    const { warmUp, rounds, executions, bareStarts } = sizes[bench.effort];
    const { key } = await newOwner(bench);
    const to = { key, threadId: await newThread(bench, key) };
    const others = livingChildren();
    const executeAll = async (count: number) => {
      for (let sent = 0; sent < count; sent += 1) {
        const heard = await sendScript(bench, to, script);
        if (heard.status !== "success") throw new Error(`an execution ended as ${heard.status}`);
      }
      await onlyOthersLeft(others);
    };
    await executeAll(warmUp);
    const measured: CpuMs[] = [];
    const bareMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bareMs.push(sum(await costOfEach(bareStarts, startBare)));
      measured.push(await costOfEach(executions, executeAll));
    }
    const value = (select: (cpu: CpuMs) => number) => median(measured.map(select));
    const row = (what: string, select: (cpu: CpuMs) => number): Row => ({
      what,
      unit: "ms",
      value: value(select),
      baseline: { what: bare, value: median(bareMs) },
    });
    return [
      { ...row("all of it", sum), goal: { of: "ratio", atMost: 12 } },
      row("the runner's programs", ({ runner }) => runner),
      row("functions", ({ functions }) => functions),
      row("the Firestore emulator", ({ emulator }) => emulator),
      row("local services, and the client", ({ services }) => services),
    ];
  },
};

async function startBare(count: number): Promise<void> {
  for (let started = 0; started < count; started += 1) {
    await promisify(execFile)(process.execPath, ["--eval", "0"], { env: {} });
  }
}

/** The cost of one of `count`. */
async function costOfEach(count: number, all: (count: number) => Promise<void>): Promise<CpuMs> {
  const before = cpuSoFar();
  await all(count);
  const after = cpuSoFar();
  const each = (kind: keyof CpuMs) => (after[kind] - before[kind]) / count;
  return {
    runner: each("runner"),
    functions: each("functions"),
    emulator: each("emulator"),
    services: each("services"),
  };
}

function sum({ runner, functions, emulator, services }: CpuMs): number {
  return runner + functions + emulator + services;
}

/** Waits, because a container lives on for a moment after its execution was settled. */
async function onlyOthersLeft(others: number): Promise<void> {
  const giveUpAt = performance.now() + removalMsMax;
  while (livingChildren() > others) {
    if (performance.now() > giveUpAt) throw new Error("a container that doesn't end");
    await wait(pollMs);
  }
}
