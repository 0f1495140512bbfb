/**
 * The sandbox's view from inside is written down here, and every argument of its command line
 * affects it: removing any of them changes the view and fails the first test.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostEtc } from "../../runner/launcher/scratch.ts";
import {
  maskedProcFiles,
  type SandboxPlan,
  sandboxCommand,
} from "../../runner/sandbox/bubblewrap-arguments.ts";
import { procFileNames } from "../../runner/sandbox/proc-files.ts";
import { isTurn } from "../kit/shard.ts";
import { type Facts, factsOf, prepareSandbox, uid } from "./support/bare-sandbox.ts";
import { modesNow } from "./support/modes-now.ts";

const parallel = 3;
const programs = ["setpriv", "bwrap", "/usr/bin/setpriv"];
/** Arguments that state bubblewrap's default. A unit test, or mode userns, checks them. */
const saidAnyway = {
  userns: ["--cap-drop ALL"],
  setpriv: [
    ...["--cap-drop ALL", "--no-new-privs"],
    ...["/proc/sys", "/proc/irq", "/proc/bus"].map((path) => `--ro-bind ${path} ${path}`),
  ],
};
const files = ["group", "hostname", "hosts", "nsswitch.conf", "npmrc", "passwd", "resolv.conf"];
const procFiles = procFileNames.map((name) => `/proc/${name}`);
const devices = ["full", "null", "random", "tty", "urandom", "zero"];

describe.each(modesNow)("EXE-2 in mode %s", { timeout: 120_000 }, (mode) => {
  let laid: ReturnType<typeof prepareSandbox>;
  let command: readonly string[];
  let seen: Facts;
  beforeAll(async () => {
    laid = prepareSandbox(mode);
    command = sandboxCommand(laid.plan);
    seen = await factsOf(command, laid.plan);
  });
  afterAll(() => laid.remove());

  test("the sandbox looks as it must", () => {
    expect(new Set(seen)).toEqual(new Set(expected(laid.plan)));
  });

  test("EXE-4 no capability is held or can be gained, nothing raises privileges, the filter is on", () => {
    const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
    expect(seen).toEqual(
      expect.arrayContaining([
        ...capabilities.map((name) => status(`${name}: 0000000000000000`)),
        ...[status("NoNewPrivs: 1"), status("Seccomp: 2")],
      ]),
    );
  });

  test.runIf(isTurn(1, 2))(
    "every argument shows: without any one of them it looks otherwise, or doesn't start",
    async () => {
      const idle: string[] = [];
      const pending = options(command);
      expect(pending.length).toBeGreaterThan(50);
      const worker = async () => {
        for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
          const left = next;
          const words = command.filter((_, index) => !left.includes(index));
          const changed = (await factsOf(words, laid.plan)).join("\n") !== seen.join("\n");
          if (!changed) idle.push(left.map((index) => command[index]).join(" "));
        }
      };
      await Promise.all(Array.from({ length: parallel }, worker));
      expect(idle.filter((option) => !saidAnyway[mode].includes(option))).toEqual([]);
    },
  );
});

/** The positions of each option with its values in the whole command line. */
function options(command: readonly string[]): number[][] {
  const groups: number[][] = [];
  for (const [index, word] of command.slice(0, command.lastIndexOf("/bin/sh")).entries()) {
    if (programs.includes(word) || word === "--") groups.push([]);
    else if (word.startsWith("--")) groups.push([index]);
    else groups.at(-1)?.push(index);
  }
  return groups.filter((group) => group.length > 0);
}

function expected({ mode, host }: SandboxPlan): string[] {
  const masked = maskedProcFiles.filter((path) => host.procFiles.includes(path));
  const etcFolders = host.etcFolders.map((name) => `/etc/${name}`);
  const etcFiles = hostEtc().etcFiles.map((name) => `/etc/${name}`);
  const etc = files.map((name) => `/etc/${name}`);
  const topEtc = [...etcFolders, ...etcFiles].map((path) => path.split("/").slice(0, 3).join("/"));
  const links = host.usrLinks.map(({ path }) => path);
  const own = (kind: string) => mode === "userns" || kind !== "user";
  const folders = ["/dev", "/etc", "/opt", "/proc", "/run", "/sys", "/tmp", "/usr"];
  const capabilities = ["CapAmb", "CapBnd", "CapEff", "CapInh", "CapPrm"];
  const ids = Array.from({ length: 4 }, () => uid).join(" ");
  return [
    ...["/", "/dev", "/opt/paddock/bin/node", "/opt/paddock/init", "/sys", "/usr"].map(readOnly),
    ...["/etc", ...etcFolders, ...host.procFolders, ...procFiles, ...masked].map(readOnly),
    ...["/dev/shm", "/proc", "/tmp", "/workspace"].map((path) => `mount ${path} rw nosuid nodev`),
    // Devices can't be nodev; these are harmless.
    ...[...devices, "pts"].map((name) => `mount /dev/${name} rw nosuid over-another`),
    ...[
      "",
      "dev",
      "etc",
      "etc/ssl",
      "opt",
      "opt/paddock",
      "opt/paddock/bin",
      "opt/paddock/etc",
      "run",
      "var",
    ].map((name) => `folder /${name} 755`),
    "folder /dev/shm 1777",
    ...masked.map((path) => `file ${path} masked`),
    ...host.usrLinks.map(({ path, target }) => `link ${path} ${target}`),
    ...["link /etc/os-release ../usr/lib/os-release", "link /var/tmp /tmp"],
    "link /opt/paddock/etc/npmrc /etc/npmrc",
    ...[...folders, "/var", "/workspace", ...links, "/etc/os-release", "/var/tmp"].map(named),
    ...[...etc, ...topEtc].map(named),
    ...["bin", "etc", "init"].map((name) => named(`/opt/paddock/${name}`)),
    "shared-memory size=1024k",
    ...["HOME /tmp", "LANG C.UTF-8", "PWD /tmp", "TERM dumb", "TMPDIR /tmp"].map(variable),
    ...["LOGNAME agent", "SHELL /bin/bash", "USER agent"].map(variable),
    "variable PATH /tmp/.local/bin:/opt/paddock/bin:/usr/local/bin:/usr/bin:/bin",
    ...[`Uid: ${ids}`, `Gid: ${ids}`, "Groups:", "NoNewPrivs: 1", "Seccomp: 2"].map(status),
    ...capabilities.map((name) => status(`${name}: 0000000000000000`)),
    ...["hostname paddock", "first 1", "session 1", "load 0.00 0.00 0.00 1/1 1"],
    "core-files 1 1 bytes",
    ...["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"].map(
      (kind) => `namespace ${kind} ${own(kind) ? "own" : "shared"}`,
    ),
    ...["told-its-pid true", "ends-with-its-parent true"],
  ];
}

function readOnly(path: string): string {
  return `mount ${path} ro nosuid nodev`;
}

function named(path: string): string {
  return `names ${path}`;
}

function variable(row: string): string {
  return `variable ${row}`;
}

function status(row: string): string {
  return `status ${row}`;
}
