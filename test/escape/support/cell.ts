/**
 * A program for a separate machine: namespaces that `run-cell.ts` creates. It builds real sandboxes
 * from the launcher's parts, with or without some of their walls, and runs attempts in them.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "#shared/core/describe-error";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { pollUntil } from "../../../local/lib/poll-until.ts";
import { findHierarchy, SandboxCgroup } from "../../../runner/launcher/cgroup.ts";
import { mountFileSystems } from "../../../runner/launcher/file-systems.ts";
import { killProcess } from "../../../runner/launcher/kill-process.ts";
import type { SandboxLimits } from "../../../runner/launcher/messages.ts";
import {
  chownTree,
  hostFacts,
  prepareScratch,
  removeScratch,
  type Scratch,
} from "../../../runner/launcher/scratch.ts";
import type { LauncherSettings } from "../../../runner/launcher/settings.ts";
import { type Sandbox, startSandbox } from "../../../runner/launcher/start-sandbox.ts";
import { sandboxCommand } from "../../../runner/sandbox/bubblewrap-arguments.ts";
import { type InitLine, listenForInit } from "../../../runner/supervisor/init-connection.ts";
import { attempts } from "../attempts/attempts.ts";
import { type EscapeAttempt, prelude, systemCallProgram, type Wall } from "./attempt.ts";
import { openMachine, processesOf, scratches, startNeighbour } from "./machine.ts";
import { cellLimits } from "./walls.ts";

/** Attempts to make one after another in one sandbox. */
export interface Order {
  readonly id: number;
  readonly attempts: readonly string[];
  readonly mode: SandboxMode;
  /** Names of the walls to leave out. */
  readonly without: readonly string[];
}

/** What each attempt printed, in order. */
export interface Told {
  readonly id: number;
  readonly printed: readonly string[];
}

const scriptTimeoutMs = 20_000;
/**
 * How long the end of the first process may take to reach the others, if nothing else ends them.
 */
const aloneMs = 500;
const goneMsMax = 2_000;
const [program = "", group = "", firstUid = "0"] = process.argv.slice(2);
let sandboxes = 0;

interface Cell {
  readonly chosen: readonly EscapeAttempt[];
  readonly off: readonly Wall[];
  readonly settings: LauncherSettings;
  readonly limits: SandboxLimits;
}

async function obey(order: Order): Promise<string[]> {
  const chosen = attempts.filter(({ name }) => order.attempts.includes(name));
  const walls = new Map(attempts.flatMap(({ behind }) => behind).map((wall) => [wall.name, wall]));
  const off = order.without.flatMap((name) => walls.get(name) ?? []);
  sandboxes += 1;
  const uid = Number(firstUid) + 2 * sandboxes;
  const name = `${group}-${uid}`;
  const settings: LauncherSettings = {
    // Not below /run, which some attempts see: mounts there would come and go while it is bound.
    scratch: `${scratches}/${name}`,
    supervisorUid: uid,
    sandboxUid: uid + 1,
    cgroup: name,
    mode: order.mode,
    insideCloudRun: false,
    forSupervisor: {},
  };
  const limits: SandboxLimits = Object.assign({}, cellLimits, ...off.map((wall) => wall.limits));
  try {
    return await inGroup({ chosen, off, settings, limits });
  } finally {
    await removeScratch(settings);
  }
}

async function inGroup(cell: Cell): Promise<string[]> {
  const { settings, limits } = cell;
  const hierarchy = findHierarchy("", settings.cgroup, "/sys/fs/cgroup");
  const parents = new Set(Object.values(hierarchy.parents));
  for (const folder of parents) mkdirSync(folder);
  const cgroup = new SandboxCgroup(hierarchy, limits);
  const neighbour = await startNeighbour(settings.sandboxUid);
  try {
    mkdirSync(settings.scratch, { mode: 0o700 });
    const scratch = await prepareScratch(settings, program);
    plantSetUid(scratch);
    // Not limited here, because what it starts inherits the limit, and an attempt may need it
    // unset.
    const mounted = await mountFileSystems(scratch, { limits, layer: null }, settings, 0);
    try {
      await chownTree(settings.sandboxUid, scratch.workspace);
      return await inSandbox(cell, { scratch, cgroup, neighbour });
    } finally {
      await mounted.unmount();
    }
  } finally {
    for (const pid of processesOf(settings.sandboxUid)) killProcess(pid);
    await cgroup.kill();
    await cgroup.remove();
    for (const folder of parents) rmdirSync(folder);
  }
}

/** What a careless image could contain: a set-uid program that prints its uid and runs as root. */
function plantSetUid({ runtime }: Scratch): void {
  const file = join(runtime, "init", "who");
  copyFileSync("/usr/bin/id", file);
  chmodSync(file, 0o4755);
}

interface Place {
  readonly scratch: Scratch;
  readonly cgroup: SandboxCgroup;
  readonly neighbour: ChildProcess;
}

async function inSandbox(cell: Cell, { scratch, cgroup, neighbour }: Place): Promise<string[]> {
  const { settings, limits, off } = cell;
  const { workspace, tmp, runtime, own, initFile, socket, filter } = scratch;
  const built: readonly string[] = sandboxCommand({
    mode: settings.mode ?? "userns",
    uid: settings.sandboxUid,
    ...{ workspace, tmp, runtime, initFile, ...own },
    host: hostFacts(),
    sharedMemoryBytes: limits.tmpBytes,
    openFilesMax: limits.openFilesMax,
    fileBytesMax: limits.fileBytesMax,
    processesMax: null,
    layer: null,
  });
  const command = off.reduce((words, wall) => wall.command?.(words) ?? words, built);
  const listener = await listenForInit(socket);
  const sandbox = await startSandbox({ command, socket, filter, cgroup });
  const line = await listener.accept();
  // The result isn't checked, because walls are missing on purpose here.
  await line.probe().catch((error: unknown) => {
    throw new Error(`${describeError(error)} ${sandbox.diagnostics()}`);
  });
  const environment = {
    SYS: systemCallProgram,
    NEIGHBOUR: `${neighbour.pid}`,
    UID_INSIDE: `${settings.sandboxUid}`,
  };
  const printed: string[] = [];
  for (const { script } of cell.chosen) printed.push(await say(line, script, environment));
  await end(cell, sandbox, line);
  if (!cell.chosen.some(({ outlives }) => outlives)) return printed;
  const dead = () => processesOf(settings.sandboxUid).every((pid) => pid === neighbour.pid);
  // A killed process takes a moment to disappear.
  return [(await pollUntil(dead, goneMsMax)) ? "contained: it is dead" : "escaped: it lives on"];
}

async function say(
  line: InitLine,
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  let printed = "";
  const onOutput = (bytes: Uint8Array) => {
    printed += Buffer.from(bytes).toString("utf8");
  };
  const timeout = AbortSignal.timeout(scriptTimeoutMs);
  const late = once(timeout, "abort").then(() => "late");
  const request = { script: `${prelude}\n${script}`, environment, refusingPort: null };
  const ran = line.run(request, { onOutput });
  if ((await Promise.race([ran, late])) === "late") printed += "\nneither: it didn't end in time";
  return printed;
}

async function end({ off }: Cell, sandbox: Sandbox, line: InitLine): Promise<void> {
  if (off.some(({ leavesGroup }) => leavesGroup)) {
    killProcess(sandbox.pid);
    const timeout = AbortSignal.timeout(aloneMs);
    await Promise.race([line.closed, once(timeout, "abort")]);
    return;
  }
  await sandbox.stop();
  await line.closed;
}

process.on("message", (order: Order) => {
  void obey(order)
    .catch((error: unknown) => {
      const why = error instanceof Error ? (error.stack ?? error.message) : "unknown";
      return order.attempts.map(() => `neither: ${why}`);
    })
    .then((printed) => process.send?.({ id: order.id, printed } satisfies Told));
});
process.on("disconnect", () => process.exit(0));
void openMachine().then(() => process.send?.({ id: 0, printed: [] } satisfies Told));
