/**
 * The sandbox's control group: memory, processes and CPU, on cgroup v1 and v2. A laptop's cloud has
 * another module for its containers (`local/run/cgroup.ts`) and writes limits with the same
 * `cgroup-settings.ts`. The rest differs: this one makes a single group, proves that the kernel
 * applies it, and reads why it was killed; that one finds whole trees again after a crash and
 * destroys them.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "#shared/core/fault";
import { type Controller, cgroupSettings, controllers, type Setting } from "./cgroup-settings.ts";
import { killProcess } from "./kill-process.ts";
import type { SandboxLimits } from "./messages.ts";

export interface Hierarchy {
  readonly version: 1 | 2;
  /** The parent folder of our group for each controller; the same one in v2. */
  readonly parents: Readonly<Record<Controller, string>>;
}

const groupName = "sandbox";
const ownGroupName = "paddock-launcher";
const killAttemptsMax = 300;
const killPauseMs = 10;

/** Finds where our group goes: below `path`, or below this process's own group. */
export function findHierarchy(ownGroups: string, path: string | null, root: string): Hierarchy {
  const isUnified = existsSync(join(root, "cgroup.controllers"));
  const rows = ownGroups
    .trim()
    .split("\n")
    .map((row) => row.split(":"));
  const own = (controller: string) =>
    rows
      .find(([, names]) => (names ?? "").split(",").includes(controller))
      ?.slice(2)
      .join(":");
  const parent = (controller: Controller) => {
    const folder = isUnified ? root : join(root, controller);
    return join(folder, path ?? own(isUnified ? "" : controller) ?? "/");
  };
  const parents = { memory: parent("memory"), pids: parent("pids"), cpu: parent("cpu") };
  return { version: isUnified ? 2 : 1, parents };
}

/** v1 refuses a group more CPU than its parent has, whose limit then applies to both. */
export function withinParent(hierarchy: Hierarchy, limits: SandboxLimits): SandboxLimits {
  const { version, parents } = hierarchy;
  const quotaFile = join(parents.cpu, "cpu.cfs_quota_us");
  if (version === 2 || !existsSync(quotaFile)) return limits;
  const quotaMicros = Number(readFileSync(quotaFile, "utf8"));
  const parentPeriodMicros = Number(readFileSync(join(parents.cpu, "cpu.cfs_period_us"), "utf8"));
  if (!(quotaMicros > 0 && parentPeriodMicros > 0)) return limits;
  const parentMillis = Math.floor((quotaMicros / parentPeriodMicros) * 1_000);
  return { ...limits, cpuMillis: Math.min(limits.cpuMillis, parentMillis) };
}

export class SandboxCgroup {
  readonly #version: 1 | 2;
  readonly #folders: Readonly<Record<Controller, string>>;

  /** @throws {Error} If the group or one of its limits can't be set; then nothing may run. */
  constructor(hierarchy: Hierarchy, limits: SandboxLimits) {
    const { version, parents } = hierarchy;
    this.#version = version;
    if (version === 2) delegate(parents.memory);
    this.#folders = {
      memory: join(parents.memory, groupName),
      pids: join(parents.pids, groupName),
      cpu: join(parents.cpu, groupName),
    };
    try {
      for (const folder of this.#all()) mkdirSync(folder, { recursive: true });
      this.#apply(cgroupSettings(version, withinParent(hierarchy, limits)));
    } catch (error) {
      this.#removeFolders();
      throw error;
    }
  }

  #apply(settings: readonly Setting[]): void {
    for (const { controller, file, value, optional } of settings) {
      const path = join(this.#folders[controller], file);
      if (optional === true && !existsSync(path)) continue;
      try {
        writeFileSync(path, value);
      } catch (error) {
        throw new Fault(`${file} can't be set.`, { cause: error });
      }
    }
  }

  /** A process that writes its id into each of these joins the group before it starts anything. */
  get entryFiles(): string[] {
    return this.#all().map((folder) => join(folder, "cgroup.procs"));
  }

  /** The limits as the kernel has them, of the group that process `pid` is really in. */
  limitsOf(pid: number): { memoryBytes: number; processesMax: number } {
    const inside = (controller: Controller) => {
      const pids = this.#read(controller, "cgroup.procs").split("\n").map(Number);
      if (!pids.includes(pid)) throw new Fault(`The sandbox isn't in its ${controller} group.`);
    };
    inside("memory");
    inside("pids");
    const memory = this.#version === 2 ? "memory.max" : "memory.limit_in_bytes";
    return {
      memoryBytes: Number(this.#read("memory", memory)),
      processesMax: Number(this.#read("pids", "pids.max")),
    };
  }

  events(): { memoryKills: number; processRefusals: number } {
    const memory = this.#version === 2 ? "memory.events" : "memory.oom_control";
    return {
      memoryKills: counter(this.#read("memory", memory), "oom_kill"),
      processRefusals: counter(this.#read("pids", "pids.events"), "max"),
    };
  }

  /** Kills until no process is left, since fast forks can outrun one pass over the list. */
  async kill(): Promise<boolean> {
    const atOnce = join(this.#folders.memory, "cgroup.kill");
    if (existsSync(atOnce)) writeFileSync(atOnce, "1");
    for (let attempt = 0; attempt < killAttemptsMax; attempt += 1) {
      const pids = this.#read("pids", "cgroup.procs").split("\n").filter(Boolean).map(Number);
      if (pids.length === 0) return true;
      for (const pid of pids) killProcess(pid);
      await wait(killPauseMs);
    }
    return false;
  }

  /** @throws {Error} If the kernel still holds it; it takes a moment to forget dead processes. */
  async remove(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#removeFolders();
      } catch (error) {
        if (attempt === killAttemptsMax) throw error;
        await wait(killPauseMs);
      }
    }
  }

  #removeFolders(): void {
    for (const folder of this.#all()) {
      if (existsSync(folder)) rmdirSync(folder);
    }
  }

  #all(): string[] {
    return [...new Set(Object.values(this.#folders))];
  }

  #read(controller: Controller, file: string): string {
    const path = join(this.#folders[controller], file);
    return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  }
}

/** Parses `name value` lines; 0 if the name is missing. */
export function counter(text: string, name: string): number {
  const row = text.split("\n").find((line) => line.startsWith(`${name} `));
  return row === undefined ? 0 : Number(row.slice(name.length + 1));
}

/** In v2 a group with processes of its own can't delegate controllers, so they are moved first. */
function delegate(parent: string): void {
  const control = join(parent, "cgroup.subtree_control");
  const wanted = controllers.map((name) => `+${name}`).join(" ");
  try {
    writeFileSync(control, wanted);
  } catch {
    const aside = join(parent, ownGroupName);
    mkdirSync(aside, { recursive: true });
    const pids = readFileSync(join(parent, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
    for (const pid of pids) writeFileSync(join(aside, "cgroup.procs"), pid);
    writeFileSync(control, wanted);
  }
}
