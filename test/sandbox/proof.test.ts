/**
 * EXE-8: a layer that isn't proven counts as missing, and then nothing runs. F6: never silently.
 */
import { join } from "node:path";
import { describe, test } from "vitest";
import { type SandboxMode, sandboxModes } from "#shared/protocol/sandbox-mode";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { type Alteration, runnerPrograms } from "../kit/sandbox/programs.ts";
import { isTurn } from "../kit/shard.ts";

const options = { timeout: 120_000 };
const sandboxArguments = "runner/sandbox/bubblewrap-arguments.ts";

function inArguments(find: string, replace: string): Alteration {
  return { file: sandboxArguments, find, replace };
}

/** A mandatory layer, a runner that lacks it, and what is visible of that. */
interface Layer {
  readonly name: string;
  readonly without: Alteration;
  readonly seen: RegExp;
  readonly modes: readonly SandboxMode[];
}

function layer(
  name: string,
  alteration: Alteration,
  seen: RegExp,
  modes: readonly SandboxMode[] = sandboxModes,
): Layer {
  return { name, without: alteration, seen, modes };
}

const kinds = '["ipc", "pid", "net", "uts", "cgroup"]';
const cgroup = "runner/launcher/cgroup-settings.ts";

const layers: readonly Layer[] = [
  layer(
    "a network namespace",
    inArguments(kinds, '["ipc", "pid", "uts", "cgroup"]'),
    /net namespace/,
  ),
  layer("an IPC namespace", inArguments(kinds, '["pid", "net", "uts", "cgroup"]'), /ipc namespace/),
  layer(
    "a cgroup namespace",
    inArguments(kinds, '["ipc", "pid", "net", "uts"]'),
    /cgroup namespace/,
  ),
  layer(
    "a process namespace",
    inArguments(kinds, '["ipc", "net", "uts", "cgroup"]'),
    /unshare-pid/,
  ),
  layer("a UTS namespace", inArguments(kinds, '["ipc", "pid", "net", "cgroup"]'), /unshare-uts/),
  layer(
    "an unprivileged uid",
    inArguments('if (plan.mode === "userns")', "if (false)"),
    /uid|cd to/,
    ["userns"],
  ),
  layer(
    "an unprivileged uid",
    inArguments('"/usr/bin/setpriv", ...user, ...bare, ', ""),
    /uid|cd to/,
    ["setpriv"],
  ),
  layer("no capabilities", inArguments('"--inh-caps=-all", ', ""), /capabilities/, ["setpriv"]),
  layer(
    "no capabilities left to gain",
    inArguments('"--bounding-set=-all", ', ""),
    /capabilities/,
    ["setpriv"],
  ),
  layer(
    "a seccomp filter",
    inArguments('"--seccomp", `$' + "{descriptors.seccomp}`, ", ""),
    /no-seccomp|ptrace/,
  ),
  layer("a read-only root", inArguments('"--remount-ro", "/"]', "]"), /write-root/),
  layer("a read-only /dev", inArguments('...["--remount-ro", "/dev"],', ""), /write-dev/),
  layer("a read-only /proc/sys", inArguments('["/proc/sys", ', "["), /write-proc-sys/),
  layer(
    "an empty environment",
    inArguments('"--clearenv"]', '"--setenv", "LEAKED", "1"]'),
    /inherited-environment/,
  ),
  layer(
    "a process limit",
    {
      file: cgroup,
      find: "`$" + "{limits.processesMax}`",
      replace: "`1$" + "{limits.processesMax}`",
    },
    /processesMax/,
  ),
  layer(
    "a memory limit",
    {
      file: cgroup,
      find: "`$" + "{limits.memoryBytes}`",
      replace: "`$" + "{limits.memoryBytes}0`",
    },
    /memoryBytes/,
  ),
  layer(
    "an answer to each question: one that isn't asked counts as open",
    { file: "runner/init/system-calls.ts", find: "userfaultfd: {", replace: "forgotten: {" },
    /userfaultfd: not proven/,
  ),
];

/** Every second layer in one mode; other commits try the rest. */
const triedIn = (mode: SandboxMode) =>
  layers.filter(({ modes }, index) => {
    const turn = index + modes.indexOf(mode);
    return modes.includes(mode) && isTurn(turn, 2 * modes.length);
  });

describe.each(sandboxModes)("EXE-8 in mode %s nothing runs without", options, (mode) => {
  test.concurrent.for(triedIn(mode))("$name", async (each, { expect }) => {
    const program = join(await runnerPrograms(each.without), "launcher.cjs");
    const run = await execute(claimFor("echo ran > file; echo ran"), mode, { program });
    expect(run.gateway.settled).toMatchObject({
      outcome: "failed",
      reason: "isolation_unavailable",
      exitCode: null,
      workspace: { state: "unchanged" },
    });
    expect(run.gateway.settled?.output).not.toContain("ran");
    expect(run.host.log()).toMatch(each.seen);
    expect(run.leftovers).toEqual([]);
  });
});
