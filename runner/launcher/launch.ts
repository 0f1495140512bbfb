/** One execution from the host's side: only what needs root. */
import { once } from "node:events";
import { chownSync, closeSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { isInheritable } from "../init/descriptors.ts";
import { sandboxCommand } from "../sandbox/bubblewrap-arguments.ts";
import { findHierarchy, SandboxCgroup } from "./cgroup.ts";
import { sharedNamespaces } from "./check-namespaces.ts";
import { type MountedFileSystems, mountFileSystems } from "./file-systems.ts";
import type {
  HostRequest,
  Prepared,
  PreparedLayer,
  SandboxLimits,
  SandboxStopped,
  Started,
} from "./messages.ts";
import { findMode, type ModeFound } from "./mode.ts";
import { openListeners } from "./netns-listener.ts";
import type { Scratch } from "./scratch.ts";
import { chownTree, hostFacts, prepareScratch, removeScratch } from "./scratch.ts";
import type { LauncherSettings } from "./settings.ts";
import { type Sandbox, startSandbox } from "./start-sandbox.ts";
import { serveSupervisor, startSupervisor } from "./supervisor.ts";

const sharedMemoryBytesMax = 64 * 1024 * 1024;
const cgroupRoot = "/sys/fs/cgroup";

/**
 * Runs one execution and removes every trace of it.
 *
 * @param self Path of the launcher's own program; the other two are next to it.
 * @returns The supervisor's exit code.
 */
export async function launch(settings: LauncherSettings, self: string): Promise<number> {
  // Registered first, because the kernel doesn't deliver it to a process 1 without a handler.
  const asked = once(process, "SIGTERM");
  sparedByTheKernel();
  closeInherited();
  const finding = modeOf(settings);
  const scratch = await prepareScratch(settings, self);
  const supervisor = startSupervisor({
    node: scratch.node,
    program: scratch.supervisorProgram,
    uid: settings.supervisorUid,
    environment: settings.forSupervisor,
  });
  const exited = once(supervisor, "exit");
  // It is awaited once its line has ended; until then nobody is told that it failed.
  exited.catch(() => undefined);
  void asked.then(() => supervisor.kill("SIGTERM"));
  const host = new SandboxHost(
    settings,
    scratch,
    finding.then(({ mode }) => mode),
  );
  try {
    await serveSupervisor(supervisor, await finding, (request) =>
      request.do === "open-listeners"
        ? openListeners(supervisor, { pid: host.sandboxPid, self }, request.ports)
        : host.handle(request),
    );
    const [code] = await exited;
    return typeof code === "number" ? code : 1;
  } finally {
    supervisor.kill("SIGKILL");
    await host.tearDown();
  }
}

/** A mode that a setting names isn't tried, because the sandbox itself will show if it works. */
async function modeOf({ mode, sandboxUid }: LauncherSettings): Promise<ModeFound> {
  return mode === null ? findMode(sandboxUid) : { mode, unavailable: null };
}

/**
 * Asks the kernel to kill others first when memory runs out. Not every root may; nothing depends on
 * it.
 */
function sparedByTheKernel(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "-900");
  } catch {
    // The sandbox's processes are still killed first, because they volunteer.
  }
}

/** Closes files that our parent left open; without close-on-exec the sandbox would inherit them. */
function closeInherited(): void {
  for (const name of readdirSync("/proc/self/fd")) {
    if (Number(name) > 2 && isInheritable(name)) closeSync(Number(name));
  }
}

class SandboxHost {
  readonly #settings: LauncherSettings;
  readonly #scratch: Scratch;
  readonly #mode: Promise<SandboxMode>;
  #limits: SandboxLimits | undefined;
  #layer: PreparedLayer = null;
  #cgroup: SandboxCgroup | null = null;
  #mounted: MountedFileSystems | undefined;
  #sandbox: Sandbox | undefined;

  constructor(settings: LauncherSettings, scratch: Scratch, mode: Promise<SandboxMode>) {
    this.#settings = settings;
    this.#scratch = scratch;
    this.#mode = mode;
  }

  /** @throws {Error} If nothing has been started. */
  get sandboxPid(): number {
    if (this.#sandbox === undefined) throw new Fault("There is no sandbox.");
    return this.#sandbox.pid;
  }

  async handle(request: HostRequest): Promise<Prepared | Started | SandboxStopped> {
    if (request.do === "prepare") return this.#prepare(request);
    return request.do === "start" ? this.#start() : this.#stop();
  }

  async #prepare({ limits, layer }: HostRequest & { readonly do: "prepare" }): Promise<Prepared> {
    if (this.#limits !== undefined) throw new Fault("Prepared already.");
    this.#limits = limits;
    this.#layer = layer;
    this.#cgroup = this.#makeCgroup(limits);
    const { pid } = process;
    this.#mounted = await mountFileSystems(this.#scratch, { limits, layer }, this.#settings, pid);
    const { workspace, tmp, socket, trust } = this.#scratch;
    const mounted = layer?.use === "mount" ? this.#scratch.layer : null;
    const { sandboxUid } = this.#settings;
    return { workspace, tmp, layer: mounted, socket, trust, sandboxUid };
  }

  #makeCgroup(limits: SandboxLimits): SandboxCgroup | null {
    const ownGroups = readFileSync("/proc/self/cgroup", "utf8");
    try {
      const hierarchy = findHierarchy(ownGroups, this.#settings.cgroup, cgroupRoot);
      return new SandboxCgroup(hierarchy, limits);
    } catch (error) {
      if (this.#settings.insideCloudRun) return null;
      throw error;
    }
  }

  async #start(): Promise<Started> {
    const limits = this.#limits;
    if (limits === undefined || this.#sandbox !== undefined) throw new Fault("Not to be started.");
    const { sandboxUid } = this.#settings;
    const { workspace, tmp, runtime, own, initFile, socket, filter } = this.#scratch;
    // The first process enters the folder itself; its contents can change owner while it starts.
    chownSync(workspace, sandboxUid, sandboxUid);
    const layer = this.#layerOf();
    if (layer !== null) chownSync(layer.folder, sandboxUid, sandboxUid);
    const given = Promise.all([
      chownTree(sandboxUid, workspace),
      ...(layer !== null && !layer.isWritable ? [chownTree(sandboxUid, layer.folder)] : []),
    ]);
    given.catch(() => undefined);
    const mode = await this.#mode;
    const command = sandboxCommand({
      mode,
      uid: sandboxUid,
      ...{ workspace, tmp, layer, runtime, initFile, ...own },
      host: hostFacts(),
      sharedMemoryBytes: Math.min(sharedMemoryBytesMax, limits.tmpBytes),
      openFilesMax: limits.openFilesMax,
      fileBytesMax: limits.fileBytesMax,
      processesMax: this.#cgroup === null ? limits.processesMax : null,
    });
    const sandbox = await startSandbox({ command, socket, filter, cgroup: this.#cgroup });
    this.#sandbox = sandbox;
    await given;
    try {
      return this.#started(sandbox.pid, { mode, limits });
    } catch (error) {
      // One that has ended by now is in no group; what it printed says why it ended.
      await sandbox.stop();
      throw new Fault(`${describeError(error)} ${sandbox.diagnostics()}`.trim());
    }
  }

  #layerOf(): { readonly folder: string; readonly isWritable: boolean } | null {
    if (this.#layer === null) return null;
    const { workspace, layer } = this.#scratch;
    return this.#layer.use === "build"
      ? { folder: workspace, isWritable: true }
      : { folder: layer, isWritable: false };
  }

  #started(pid: number, asked: { mode: SandboxMode; limits: SandboxLimits }): Started {
    const shared = { sharedNamespaces: sharedNamespaces(pid, asked.mode) };
    if (this.#cgroup === null) {
      const { memoryBytes, processesMax } = asked.limits;
      return { memoryBytes, processesMax, limitedBy: "job", ...shared };
    }
    return { ...this.#cgroup.limitsOf(pid), limitedBy: "cgroup", ...shared };
  }

  async #stop(): Promise<SandboxStopped> {
    await this.#sandbox?.stop();
    await chownTree(this.#settings.supervisorUid, this.#scratch.workspace);
    const events = this.#cgroup?.events() ?? { memoryKills: 0, processRefusals: 0 };
    return { ...events, diagnostics: this.#sandbox?.diagnostics() ?? "" };
  }

  /** @throws {Fault} After everything was tried, because one failure mustn't prevent the rest. */
  async tearDown(): Promise<void> {
    const errors: unknown[] = [];
    const steps = [
      () => this.#sandbox?.stop(),
      () => this.#cgroup?.kill(),
      () => this.#cgroup?.remove(),
      () => this.#mounted?.unmount(),
      () => removeScratch(this.#settings),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) return;
    throw new Fault(`Left behind: ${errors.map(describeError).join("; ")}`);
  }
}
