import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { childGroups, createCgroup, destroyCgroup, findHierarchies } from "./cgroup.ts";
import { type Container, type ContainerEnd, startContainer } from "./container.ts";
import type { JobDefinition } from "./execution.ts";
import { createScratch, killUsers, removeScratch, scratchesIn } from "./leftovers.ts";
import { reserveUidRange, type UidPair } from "./uids.ts";

export interface MachineOptions {
  /** Tells this cloud's cgroups and directories from those of another on the same machine. */
  readonly cloudId: string;
  readonly logFolder: string;
  readonly logBytesMax: number;
  readonly graceMs: number;
  /** host:port of the metadata server that speaks for the job's account. */
  readonly metadataHost: string;
  readonly onLine?: ((line: LogLine) => void) | undefined;
}

export interface LogLine {
  readonly executionId: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

/** What Cloud Run's hosts do for a task: a container of its own, and nothing left of it after. */
export interface Machine {
  /** Resolves when the container has ended and nothing of it is left. Never rejects. */
  run(executionId: string, job: JobDefinition): { stop(): void; ended: Promise<ContainerEnd> };
  close(): Promise<void>;
}

/** For the launcher, the supervisor and the sandbox together; the sandbox has a limit of its own. */
const containerPidsMax = 4_096;
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const startFailed = { exitCode: 125, termSignal: 0, timedOut: false };

/** Sweeps what a killed cloud of the same id left behind, then is ready to run containers. */
export async function createMachine(options: MachineOptions): Promise<Machine> {
  const hierarchies = findHierarchies();
  const uids = await reserveUidRange(options.cloudId);
  const group = `paddock-${options.cloudId}`;
  const scratchParent = `/run/${group}`;
  mkdirSync(options.logFolder, { recursive: true, mode: 0o700 });

  async function sweep(): Promise<void> {
    for (const name of await childGroups(hierarchies, group)) {
      await destroyCgroup(hierarchies, join(group, name));
    }
    // The block is held, so whoever still has one of its users belongs to nobody alive.
    await killUsers(uids);
    for (const scratch of await scratchesIn(scratchParent)) await removeScratch(scratch);
    await destroyCgroup(hierarchies, group);
    await removeScratch(scratchParent);
  }

  async function remove(executionId: string, pair: UidPair): Promise<void> {
    await destroyCgroup(hierarchies, join(group, executionId));
    await killUsers({ firstUid: pair.supervisorUid, count: 2 });
    await removeScratch(join(scratchParent, executionId));
    uids.give(pair);
  }

  async function start(executionId: string, job: JobDefinition, pair: UidPair) {
    const scratch = join(scratchParent, executionId);
    await createScratch(scratch);
    const limits = { ...job, pidsMax: containerPidsMax };
    const cgroup = await createCgroup(hierarchies, join(group, executionId), limits);
    return startContainer({
      command: [...job.command, ...job.args],
      environment: {
        PATH: path,
        GCE_METADATA_HOST: options.metadataHost,
        ...job.environment,
        PADDOCK_SCRATCH: scratch,
        PADDOCK_UIDS: `${pair.supervisorUid}:${pair.sandboxUid}`,
        PADDOCK_CGROUP: cgroup.path,
      },
      workingDirectory: scratch,
      entryFiles: cgroup.entryFiles,
      timeoutMs: job.timeoutMs,
      graceMs: options.graceMs,
      logFile: join(options.logFolder, `${executionId}.log`),
      logBytesMax: options.logBytesMax,
      onLine: (stream, line) => options.onLine?.({ executionId, stream, line }),
    });
  }

  await sweep();
  return {
    run(executionId, job) {
      let container: Container | undefined;
      let stopped = false;
      const stop = () => {
        stopped = true;
        container?.stop();
      };
      const ended = (async () => {
        const pair = uids.take();
        if (!pair) return startFailed;
        try {
          container = await start(executionId, job, pair);
          if (stopped) container.stop();
          return await container.ended;
        } catch (failure) {
          report(executionId, "doesn't start", failure);
          return startFailed;
        } finally {
          await remove(executionId, pair).catch((failure: unknown) =>
            report(executionId, "leaves something behind", failure),
          );
        }
      })();
      return { stop, ended };
    },
    async close() {
      await sweep();
      uids.close();
    },
  };
}

function report(executionId: string, what: string, failure: unknown): void {
  console.error(`local run: ${executionId} ${what}:`, failure);
}
