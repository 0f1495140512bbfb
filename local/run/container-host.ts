import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { findMode } from "../../runner/launcher/mode.ts";
import { lockName, type NameLock } from "../cloud/name-lock.ts";
import { pollUntil } from "../lib/poll-until.ts";
import {
  childGroups,
  createCgroup,
  destroyCgroup,
  findHierarchies,
  type Hierarchies,
} from "./cgroup.ts";
import { createScratch, entriesOf, killUsers, removeScratch } from "./cleanup.ts";
import { type Container, type ContainerEnd, startContainer } from "./container.ts";
import type { JobDefinition } from "./execution.ts";
import { reserveUidRange, type UidPair, type UidRange } from "./uids.ts";

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

const scratchRoot = "/run";
/** How long freed users wait, so that one pass over all processes checks many of them. */
const togetherMs = 10_000;
/** How long another cloud may take to remove what a killed one left. */
const sweptWithinMs = 30_000;
/** The limit of launcher, supervisor and sandbox together; the sandbox also has its own. */
const containerPidsMax = 4_096;
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const startFailed = { exitCode: 125, termSignal: 0, timedOut: false };

/** A container that was requested; it may still be starting. */
export interface Running {
  stop(): void;
  /** Resolves when it has ended and nothing of it is left. Never rejects. */
  readonly ended: Promise<ContainerEnd>;
}

/** What runs containers. */
export interface Containers {
  run(executionId: string, job: JobDefinition): Running;
  /** Ends everything that still runs, at once. */
  close(): Promise<void>;
}

/** What a host holds from its start to its end. */
interface Held {
  readonly lock: NameLock;
  readonly uids: UidRange;
  readonly sandboxMode: SandboxMode | null;
}

/** Does what Cloud Run's hosts do for a task: a container of its own, and nothing left after it. */
export class ContainerHost implements Containers {
  readonly #options: MachineOptions;
  readonly #uids: UidRange;
  readonly #hierarchies = findHierarchies();
  readonly #group: string;
  readonly #scratchParent: string;

  /** Found once for all containers; null if none works, and each container says why. */
  readonly #sandboxMode: SandboxMode | null;
  readonly #lock: NameLock;
  #used: UidPair[] = [];
  #looking: NodeJS.Timeout | undefined;

  private constructor(options: MachineOptions, { lock, uids, sandboxMode }: Held) {
    this.#options = options;
    this.#sandboxMode = sandboxMode;
    this.#lock = lock;
    this.#uids = uids;
    this.#group = groupOf(options.cloudId);
    this.#scratchParent = join(scratchRoot, this.#group);
  }

  /**
   * Removes what killed clouds left behind, this one's and those that nobody holds; then it is
   * ready.
   *
   * @throws {Error} if another process runs containers under the same id.
   */
  static async open(options: MachineOptions): Promise<ContainerHost> {
    mkdirSync(options.logFolder, { recursive: true, mode: 0o700 });
    // Another cloud that starts holds it for a moment, while it removes what a killed one left.
    const lock = await pollUntil(() => lockName(lockOf(options.cloudId)), sweptWithinMs);
    if (!lock) throw new Error(`Executions of ${options.cloudId} run in another process.`);
    const uids = await reserveUidRange(options.cloudId);
    const { mode, unavailable } = await findMode(uids.firstUid);
    const sandboxMode = unavailable === null ? mode : null;
    const machine = new ContainerHost(options, { lock, uids, sandboxMode });
    await machine.#sweep();
    await sweepTheDead(machine.#hierarchies);
    return machine;
  }

  run(executionId: string, job: JobDefinition): Running {
    let container: Container | undefined;
    let stopped = false;
    const start = async (pair: UidPair) => {
      container = await this.#start(executionId, job, pair);
      if (stopped) container.stop();
      return container.ended;
    };
    const stop = () => {
      stopped = true;
      container?.stop();
    };
    return { stop, ended: this.#runAndRemove(executionId, start) };
  }

  async close(): Promise<void> {
    clearTimeout(this.#looking);
    await this.#sweep();
    this.#uids.close();
    this.#lock.release();
  }

  async #runAndRemove(
    executionId: string,
    start: (pair: UidPair) => Promise<ContainerEnd>,
  ): Promise<ContainerEnd> {
    const pair = this.#uids.take();
    if (!pair) return startFailed;
    try {
      return await start(pair);
    } catch (failure) {
      report(executionId, "doesn't start", failure);
      return startFailed;
    } finally {
      await this.#remove(executionId, pair).catch((failure: unknown) =>
        report(executionId, "leaves something behind", failure),
      );
    }
  }

  async #start(executionId: string, job: JobDefinition, pair: UidPair): Promise<Container> {
    const { metadataHost, graceMs, logFolder, logBytesMax, onLine } = this.#options;
    const scratch = join(this.#scratchParent, executionId);
    await createScratch(scratch);
    const limits = { ...job, processesMax: containerPidsMax };
    const cgroup = createCgroup(this.#hierarchies, join(this.#group, executionId), limits);
    return startContainer({
      command: [...job.command, ...job.args],
      environment: {
        PATH: path,
        GCE_METADATA_HOST: metadataHost,
        ...(this.#sandboxMode !== null && { PADDOCK_SANDBOX_MODE: this.#sandboxMode }),
        ...job.environment,
        PADDOCK_SCRATCH: scratch,
        PADDOCK_UIDS: `${pair.supervisorUid}:${pair.sandboxUid}`,
        PADDOCK_CGROUP: cgroup.path,
      },
      workingDirectory: scratch,
      entryFiles: cgroup.entryFiles,
      timeoutMs: job.timeoutMs,
      graceMs,
      logFile: join(logFolder, `${executionId}.log`),
      logBytesMax,
      onLine: (stream, line) => onLine?.({ executionId, stream, line }),
    });
  }

  /** Once its control group is gone nothing is left, because only root can leave that. */
  async #remove(executionId: string, pair: UidPair): Promise<void> {
    await destroyCgroup(this.#hierarchies, join(this.#group, executionId));
    await removeScratch(join(this.#scratchParent, executionId));
    this.#used.push(pair);
    this.#looking ??= setTimeout(() => void this.#releaseUids(), togetherMs).unref();
  }

  /** Users are reused only if no process anywhere has them. */
  async #releaseUids(): Promise<void> {
    this.#looking = undefined;
    const pairs = this.#used.splice(0);
    const spans = pairs.map(({ supervisorUid }) => ({ firstUid: supervisorUid, count: 2 }));
    try {
      await killUsers(...spans);
      for (const pair of pairs) this.#uids.give(pair);
    } catch (failure) {
      report("a container", "leaves a process behind", failure);
    }
  }

  async #sweep(): Promise<void> {
    await sweepGroup(this.#hierarchies, this.#group);
    // We hold the block, so a process that has one of its users belongs to a dead cloud.
    await killUsers(this.#uids);
  }
}

/** Removes what killed clouds that never started again left; nobody holds their names. */
async function sweepTheDead(hierarchies: Hierarchies): Promise<void> {
  for (const path of await entriesOf(scratchRoot)) {
    const cloudId = /^\/run\/paddock-([\w-]+)$/.exec(path)?.[1];
    const lock = cloudId === undefined ? null : await lockName(lockOf(cloudId));
    if (!lock || cloudId === undefined) continue;
    await sweepGroup(hierarchies, groupOf(cloudId)).finally(() => lock.release());
  }
}

async function sweepGroup(hierarchies: Hierarchies, group: string): Promise<void> {
  for (const name of childGroups(hierarchies, group)) {
    await destroyCgroup(hierarchies, join(group, name));
  }
  await destroyCgroup(hierarchies, group);
  const scratches = join(scratchRoot, group);
  for (const scratch of await entriesOf(scratches)) await removeScratch(scratch);
  await removeScratch(scratches);
}

function groupOf(cloudId: string): string {
  return `paddock-${cloudId}`;
}

function lockOf(cloudId: string): string {
  return `run-${cloudId}`;
}

function report(executionId: string, what: string, failure: unknown): void {
  console.error(`local run: ${executionId} ${what}:`, failure);
}
