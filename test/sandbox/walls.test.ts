/** What can be seen, written and reached from inside; `test/escape` attempts more. */
import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostEtc, hostFacts, writeSystemFiles } from "../../runner/launcher/scratch.ts";
import {
  bubblewrapArguments,
  type SandboxPlan,
} from "../../runner/sandbox/bubblewrap-arguments.ts";
import { assemble, seccompFilter } from "../../runner/sandbox/seccomp/filter.ts";

const uid = 1_899_999_001;
const folder = mkdtempSync(join(tmpdir(), "paddock-walls-"));

const plan: SandboxPlan = {
  mode: "userns",
  uid,
  workspace: join(folder, "workspace"),
  tmp: join(folder, "tmp"),
  layer: null,
  runtime: join(folder, "runtime"),
  node: join(folder, "runtime/bin/node"),
  system: null,
  initFile: "init.cjs",
  host: hostFacts(),
  sharedMemoryBytes: 1024 * 1024,
  openFilesMax: 64,
  fileBytesMax: 1024 * 1024,
  processesMax: null,
};

beforeAll(() => {
  chmodSync(folder, 0o755);
  for (const name of ["workspace", "tmp"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), uid, uid);
  }
  for (const name of ["bin", "init"]) mkdirSync(join(plan.runtime, name), { recursive: true });
  writeFileSync(join(plan.runtime, "bin/node"), "");
  writeSystemFiles(plan.runtime, uid);
  writeFileSync(join(folder, "filter.bpf"), assemble(seccompFilter("x64")));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `script` in mode userns. */
function inside(script: string) {
  const walls = bubblewrapArguments(plan);
  const info = walls.indexOf("--info-fd");
  const withoutInfo = walls.filter((_, index) => index !== info && index !== info + 1);
  const user = ["--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
  const bwrap = [...user, "bwrap", ...withoutInfo, "--", "/bin/bash", "-c", script];
  const command = `exec 4<${join(folder, "filter.bpf")}; exec setpriv "$@"`;
  return new Promise<string>((resolve) => {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
    execFile("/bin/sh", ["-c", command, "sh", ...bwrap], { env }, (_failed, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

describe("EXE-2 the view from inside", { timeout: 120_000 }, () => {
  test("of the host only the listed paths are visible", async () => {
    const { etcFolders, etcFiles } = hostEtc();
    const listed = await inside("echo /* /etc/* $(find /sys -type f)");
    const etc = new Set([...etcFolders, ...etcFiles].map((name) => name.replace(/\/.*/, "")));
    expect(listed.trim().split(" ").sort()).toEqual(
      [
        ...["/bin", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/run", "/sbin", "/sys"],
        ...["/tmp", "/usr", "/var", "/workspace", "/etc/group", "/etc/hostname", "/etc/hosts"],
        ...[
          "/etc/npmrc",
          "/etc/nsswitch.conf",
          "/etc/os-release",
          "/etc/passwd",
          "/etc/resolv.conf",
        ],
        ...["online", "possible", "present"].map((name) => `/sys/devices/system/cpu/${name}`),
        ...[...etc].map((name) => `/etc/${name}`),
      ].sort(),
    );
  });

  test("processes, hosts, users and IPC of others are not there", async () => {
    const seen = await inside(
      "ls -d /proc/[0-9]* | wc -l; hostname; cut -d: -f1 /etc/passwd; ipcs | wc -l",
    );
    expect(seen).toMatch(/^[1-4]\npaddock\nroot\nagent\nnobody\n/);
  });
});

describe("EXE-3 what can be written", { timeout: 120_000 }, () => {
  test("is the workspace, /tmp and shared memory, and nothing else", async () => {
    const written = await inside(`
      for d in $(find / /dev /proc/sys /etc -xdev -writable -type d 2>/dev/null | sort -u); do
        (: > $d/planted) 2>/dev/null && echo $d
      done`);
    expect(written).toBe("/dev/shm\n/tmp\n/workspace\n");
  });
});

describe("EXE-6 addresses", { timeout: 120_000 }, () => {
  const targets = ["169.254.169.254/80", "10.0.0.1/443", "192.168.0.1/80", "1.1.1.1/443"];
  const names = ["metadata.google.internal/80", "example.com/443"];

  test.each([...targets, ...names])("%s is refused at once", async (target) => {
    expect(await inside(`exec 3<>/dev/tcp/${target} && echo reached`)).toMatch(
      /unreachable|not known|resolution/i,
    );
  });
});
