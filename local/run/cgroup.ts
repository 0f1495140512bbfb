/**
 * The control group of a container, and everything below it. The limits are written as the runner
 * writes a sandbox's. The rest isn't shared: the runner makes one group, and must prove that the
 * kernel holds it; here whole trees are found again after a crash and destroyed.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  cgroupSettings,
  controllers,
  type GroupLimits,
} from "../../runner/launcher/cgroup-settings.ts";
import { killProcess } from "../../runner/launcher/kill-process.ts";
import { pollUntil } from "../lib/poll-until.ts";

// Uses synchronous calls: the kernel answers these files from memory, and a promise for each of the
// hundred that a container touches would cost ten times as much.

/** The kernel's control groups: one tree (v2), or one for each controller (v1). */
export interface Hierarchies {
  readonly version: 1 | 2;
  /** Mount points, absolute. */
  readonly roots: readonly string[];
}

/** One container's control group. */
export interface Cgroup {
  /** Relative to each hierarchy's root; the container makes the sandbox's group under it. */
  readonly path: string;
  /** A process that writes its id into each of these joins the group before it starts anything. */
  readonly entryFiles: readonly string[];
  /** Kills every process in the group and below it, then removes it. */
  destroy(): Promise<void>;
}

/** The limit for processes that can't be killed; on a busy machine dead ones take seconds to go. */
const killWithinMs = 60_000;

/** @throws {Error} if the machine lacks memory, pids or cpu control; then nothing may run. */
export function findHierarchies(root = "/sys/fs/cgroup"): Hierarchies {
  if (existsSync(join(root, "cgroup.controllers"))) return { version: 2, roots: [root] };
  const roots = controllers.map((controller) => join(root, controller));
  const missing = roots.filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`No control groups: ${missing.join(", ")} is missing.`);
  return { version: 1, roots };
}

/**
 * Makes the group `path` with its limits. The processes are in its child `container`, because in v2
 * a group with processes of its own can't limit its children.
 */
export function createCgroup(hierarchies: Hierarchies, path: string, limits: GroupLimits): Cgroup {
  const directories = hierarchies.roots.map((root) => join(root, path));
  if (hierarchies.version === 2) delegateControllers(hierarchies.roots, path);
  for (const directory of directories) mkdirSync(join(directory, "container"), { recursive: true });
  for (const { controller, file, value, optional } of cgroupSettings(hierarchies.version, limits)) {
    const directory = hierarchies.version === 2 ? 0 : controllers.indexOf(controller);
    const target = join(directories[directory] ?? "", file);
    if (optional && !existsSync(target)) continue;
    writeFileSync(target, value);
  }
  if (hierarchies.version === 2) enableControllers(join(directories[0] ?? ""));
  return {
    path,
    entryFiles: directories.map((directory) => join(directory, "container", "cgroup.procs")),
    destroy: () => destroyCgroup(hierarchies, path),
  };
}

/** Kills what is in the group `path` and below it, and removes it. A missing group is fine. */
export async function destroyCgroup(hierarchies: Hierarchies, path: string): Promise<void> {
  for (const root of hierarchies.roots) {
    const directory = join(root, path);
    const emptied = await pollUntil(() => removeTree(directory), killWithinMs);
    if (!emptied) throw new Error(`The control group ${directory} doesn't end.`);
  }
}

/** The names of the groups directly under `path`, in any hierarchy. */
export function childGroups(hierarchies: Hierarchies, path: string): string[] {
  const found = new Set<string>();
  for (const root of hierarchies.roots) {
    for (const name of directoriesIn(join(root, path))) found.add(name);
  }
  return [...found];
}

/** In v2 every group above must delegate the controllers. */
function delegateControllers(roots: readonly string[], path: string): void {
  const root = roots[0] ?? "";
  let directory = root;
  for (const part of ["", ...path.split("/")]) {
    directory = join(directory, part);
    mkdirSync(directory, { recursive: true });
    if (directory === join(root, path)) return;
    try {
      enableControllers(directory);
    } catch (failure) {
      if (codeOf(failure) !== "EBUSY" || directory !== root) throw failure;
      moveProcesses(root);
      enableControllers(root);
    }
  }
}

function enableControllers(directory: string): void {
  const wanted = controllers.map((controller) => `+${controller}`).join(" ");
  writeFileSync(join(directory, "cgroup.subtree_control"), wanted);
}

/** In a container the root group has processes, and can't delegate until they are moved. */
function moveProcesses(root: string): void {
  const aside = join(root, "paddock-host");
  mkdirSync(aside, { recursive: true });
  for (const pid of processesIn(root)) {
    try {
      writeFileSync(join(aside, "cgroup.procs"), String(pid));
    } catch {
      // It ended by itself in between.
    }
  }
}

/** Kills and removes bottom up; false while something is still dying. */
function removeTree(directory: string): boolean {
  for (const child of directoriesIn(directory)) {
    if (!removeTree(join(directory, child))) return false;
  }
  for (const pid of processesIn(directory)) killProcess(pid);
  try {
    rmdirSync(directory);
    return true;
  } catch (failure) {
    return codeOf(failure) === "ENOENT";
  }
}

function processesIn(directory: string): number[] {
  try {
    const text = readFileSync(join(directory, "cgroup.procs"), "utf8");
    return text.split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function directoriesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

function codeOf(failure: unknown): unknown {
  return failure instanceof Error && "code" in failure ? failure.code : undefined;
}
