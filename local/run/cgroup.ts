import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "./until.ts";

/** What one container may use, counted over all its processes. */
export interface ContainerLimits {
  /** Thousandths of a CPU. */
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pidsMax: number;
}

/** Where the kernel shows its control groups: one tree (v2), or one for each controller (v1). */
export interface Hierarchies {
  readonly version: 1 | 2;
  /** Mount points, absolute. */
  readonly roots: readonly string[];
}

/** One container's control group. */
export interface Cgroup {
  /** Relative to each hierarchy's root; the container makes the sandbox's group under it. */
  readonly path: string;
  /** A process that writes its id to each of these is in the group before it starts anything. */
  readonly entryFiles: readonly string[];
  /** Kills every process in the group and under it, then removes it. */
  destroy(): Promise<void>;
}

const controllers = ["memory", "pids", "cpu"] as const;
const cpuPeriodMicros = 100_000;
const killWithinMs = 5_000;

/** @throws {Error} if the machine offers no memory, pids and cpu control: nothing may run then. */
export function findHierarchies(root = "/sys/fs/cgroup"): Hierarchies {
  if (existsSync(join(root, "cgroup.controllers"))) return { version: 2, roots: [root] };
  const roots = controllers.map((controller) => join(root, controller));
  const missing = roots.filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`No control groups: ${missing.join(", ")} is missing.`);
  return { version: 1, roots };
}

/**
 * Makes the group `path` with its limits. The processes live in its child `container`, for in v2 a
 * group that has processes of its own can't limit its children.
 */
export async function createCgroup(
  hierarchies: Hierarchies,
  path: string,
  limits: ContainerLimits,
): Promise<Cgroup> {
  const directories = hierarchies.roots.map((root) => join(root, path));
  if (hierarchies.version === 2) await delegateControllers(hierarchies.roots, path);
  for (const directory of directories)
    await mkdir(join(directory, "container"), { recursive: true });
  const settings = hierarchies.version === 2 ? settingsV2(limits) : settingsV1(limits);
  for (const { controller, file, value, optional } of settings) {
    const directory = hierarchies.version === 2 ? 0 : controllers.indexOf(controller);
    const target = join(directories[directory] ?? "", file);
    if (optional && !existsSync(target)) continue;
    await writeFile(target, value);
  }
  if (hierarchies.version === 2) await enableControllers(join(directories[0] ?? ""));
  return {
    path,
    entryFiles: directories.map((directory) => join(directory, "container", "cgroup.procs")),
    destroy: () => destroyCgroup(hierarchies, path),
  };
}

/** Kills what is in the group `path` and under it, and removes it. A missing group is fine. */
export async function destroyCgroup(hierarchies: Hierarchies, path: string): Promise<void> {
  for (const root of hierarchies.roots) {
    const directory = join(root, path);
    const emptied = await until(() => removeTree(directory), killWithinMs);
    if (!emptied) throw new Error(`The control group ${directory} doesn't end.`);
  }
}

/** The names of the groups directly under `path`, in any hierarchy. */
export async function childGroups(hierarchies: Hierarchies, path: string): Promise<string[]> {
  const found = new Set<string>();
  for (const root of hierarchies.roots) {
    for (const name of await directoriesIn(join(root, path))) found.add(name);
  }
  return [...found];
}

interface Setting {
  readonly controller: (typeof controllers)[number];
  readonly file: string;
  readonly value: string;
  /** Swap accounting is off on many machines, and then there is no swap to limit. */
  readonly optional?: true;
}

function settingsV1(limits: ContainerLimits): Setting[] {
  const memory = String(limits.memoryBytes);
  const quotaMicros = String(Math.round((limits.cpuMillis * cpuPeriodMicros) / 1_000));
  return [
    { controller: "memory", file: "memory.limit_in_bytes", value: memory },
    { controller: "memory", file: "memory.memsw.limit_in_bytes", value: memory, optional: true },
    { controller: "pids", file: "pids.max", value: String(limits.pidsMax) },
    { controller: "cpu", file: "cpu.cfs_period_us", value: String(cpuPeriodMicros) },
    { controller: "cpu", file: "cpu.cfs_quota_us", value: quotaMicros },
  ];
}

function settingsV2(limits: ContainerLimits): Setting[] {
  const quotaMicros = Math.round((limits.cpuMillis * cpuPeriodMicros) / 1_000);
  return [
    { controller: "memory", file: "memory.max", value: String(limits.memoryBytes) },
    { controller: "memory", file: "memory.swap.max", value: "0", optional: true },
    { controller: "pids", file: "pids.max", value: String(limits.pidsMax) },
    { controller: "cpu", file: "cpu.max", value: `${quotaMicros} ${cpuPeriodMicros}` },
  ];
}

/** In v2 every group above must hand the controllers down. */
async function delegateControllers(roots: readonly string[], path: string): Promise<void> {
  const root = roots[0] ?? "";
  let directory = root;
  for (const part of ["", ...path.split("/")]) {
    directory = join(directory, part);
    await mkdir(directory, { recursive: true });
    if (directory === join(root, path)) return;
    await enableControllers(directory).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== "EBUSY" || directory !== root) throw failure;
      return moveProcesses(root).then(() => enableControllers(root));
    });
  }
}

async function enableControllers(directory: string): Promise<void> {
  const wanted = controllers.map((controller) => `+${controller}`).join(" ");
  await writeFile(join(directory, "cgroup.subtree_control"), wanted);
}

/** In a container of its own the root group has processes and can't delegate until they move. */
async function moveProcesses(root: string): Promise<void> {
  const aside = join(root, "paddock-host");
  await mkdir(aside, { recursive: true });
  for (const pid of await processesIn(root)) {
    await writeFile(join(aside, "cgroup.procs"), String(pid)).catch(() => undefined);
  }
}

/** Kills and removes bottom up; false while something is still dying. */
async function removeTree(directory: string): Promise<boolean> {
  for (const child of await directoriesIn(directory)) {
    if (!(await removeTree(join(directory, child)))) return false;
  }
  for (const pid of await processesIn(directory)) kill(pid);
  try {
    await rmdir(directory);
    return true;
  } catch (failure) {
    return isMissing(failure);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in between.
  }
}

async function processesIn(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, "cgroup.procs"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}

async function directoriesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function isMissing(failure: unknown): boolean {
  return failure instanceof Error && "code" in failure && failure.code === "ENOENT";
}
