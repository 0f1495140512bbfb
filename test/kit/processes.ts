/** The processes of one execution, found as the machine shows them. */

import { readdir, readFile } from "node:fs/promises";
import { killProcess } from "../../runner/launcher/kill-process.ts";
import { until } from "./cloud.ts";

export type RunnerPart = "launcher" | "supervisor" | "init";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly environment: string;
}

async function processes(): Promise<readonly Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name));
  const read = async (pid: string, name: string) =>
    await readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
  return await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      parent: Number(/^PPid:\s+(\d+)$/m.exec(await read(pid, "status"))?.[1] ?? 0),
      command: (await read(pid, "cmdline")).replaceAll("\0", " "),
      environment: await read(pid, "environ"),
    })),
  );
}

function isUnder(all: readonly Process[], pid: number, ancestors: ReadonlySet<number>): boolean {
  for (let at = pid, depth = 0; at > 1 && depth < 32; depth += 1) {
    if (ancestors.has(at)) return true;
    at = all.find((one) => one.pid === at)?.parent ?? 0;
  }
  return false;
}

/** Process ids of an execution's runners; usually one each. */
export async function pidsOf(executionId: string, part: RunnerPart): Promise<readonly number[]> {
  const all = await processes();
  const named = all.filter(({ environment }) => environment.includes(executionId));
  const isNode = ({ command }: Process) => /^\S*node\S* /.test(command);
  if (part !== "init") {
    return named.filter((one) => isNode(one) && one.command.includes(part)).map(({ pid }) => pid);
  }
  const launchers = new Set(named.map(({ pid }) => pid));
  return all
    .filter((one) => isNode(one) && /init\.c?js/.test(one.command))
    .filter(({ pid }) => isUnder(all, pid, launchers))
    .map(({ pid }) => pid);
}

/**
 * Sends SIGKILL. A process that starts meanwhile may break the chain of parents, so it looks
 * several times. @throws if there is none, because the test missed its moment then.
 */
export async function killPart(executionId: string, part: RunnerPart): Promise<void> {
  const pids = await until(
    `the ${part} of ${executionId}`,
    async () => {
      const found = await pidsOf(executionId, part);
      return found.length > 0 && found;
    },
    20_000,
  );
  for (const pid of pids) killProcess(pid);
}
