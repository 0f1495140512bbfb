/**
 * Each wall alone: the attack fails behind it, and succeeds where only this wall is taken away. The
 * second half shows that the first means something.
 */
import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostFacts } from "../../runner/launcher/scratch.ts";
import { bubblewrapArguments, type SandboxPlan } from "../../runner/sandbox/arguments.ts";
import { etcFiles } from "../../runner/sandbox/etc-files.ts";
import { assemble, seccompFilter } from "../../runner/sandbox/seccomp/filter.ts";

const uid = 1_899_999_001;
const folder = mkdtempSync(join(tmpdir(), "paddock-walls-"));
const server = createServer((_request, response) => response.end("reached"));
const canary = "PADDOCK_WALLS_CANARY";

const plan: SandboxPlan = {
  mode: "A",
  uid,
  workspace: join(folder, "workspace"),
  tmp: join(folder, "tmp"),
  runtime: join(folder, "runtime"),
  initFile: "init.cjs",
  host: hostFacts(),
  sharedMemoryBytes: 1024 * 1024,
  openFilesMax: 64,
  fileBytesMax: 1024 * 1024,
  processesMax: null,
};

beforeAll(async () => {
  chmodSync(folder, 0o755);
  for (const name of ["workspace", "tmp"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), uid, uid);
  }
  for (const name of ["bin", "init", "etc"])
    mkdirSync(join(plan.runtime, name), { recursive: true });
  writeFileSync(join(plan.runtime, "bin/node"), "");
  for (const [name, text] of Object.entries(etcFiles(uid))) {
    writeFileSync(join(plan.runtime, "etc", name), text);
  }
  writeFileSync(join(folder, "filter.bpf"), assemble(seccompFilter("x64")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `script` in mode A behind the walls that `change` leaves. */
function inside(script: string, change: (walls: string[]) => string[] = (walls) => walls) {
  const withoutInfo = without("--info-fd", 1)(bubblewrapArguments(plan));
  const user = ["--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
  const bwrap = [...user, "bwrap", ...change(withoutInfo), "--", "/bin/bash", "-c", script];
  const command = `exec 4<${join(folder, "filter.bpf")}; exec setpriv "$@"`;
  return new Promise<string>((resolve) => {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", [canary]: "leaked" };
    execFile("/bin/sh", ["-c", command, "sh", ...bwrap], { env }, (_failed, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

/** Takes an option and its `values` away, wherever it stands. */
function without(option: string, values: number, first?: string) {
  return (walls: string[]) => {
    const at = walls.findIndex((word, index) => {
      return word === option && (first === undefined || walls[index + 1] === first);
    });
    return at < 0 ? walls : [...walls.slice(0, at), ...walls.slice(at + 1 + values)];
  };
}

const call = (...values: readonly number[]) =>
  `perl -e 'print syscall(${values.join(",")}) == -1 ? "error ".($!+0) : "allowed"'`;
const noFilter = without("--seccomp", 1);
const reach = () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
};

interface Attack {
  readonly wall: string;
  readonly script: () => string;
  readonly withoutIt: (walls: string[]) => string[];
  readonly denied: RegExp;
  readonly works: RegExp;
}

const attacks: Attack[] = [
  {
    wall: "seccomp: ptrace",
    script: () => call(101, 0, 0, 0, 0),
    withoutIt: noFilter,
    denied: /^error 1$/,
    works: /^allowed$/,
  },
  {
    wall: "seccomp: netlink sockets",
    script: () => call(41, 16, 3, 0),
    withoutIt: noFilter,
    denied: /^error 97$/,
    works: /^allowed$/,
  },
  {
    wall: "seccomp: kernel keys",
    script: () => call(250, 0, -3, 0),
    withoutIt: noFilter,
    denied: /^error 1$/,
    works: /^(allowed|error 126)$/,
  },
  {
    wall: "seccomp: io_uring is looked at by nobody",
    script: () => call(425, 1, 0),
    withoutIt: noFilter,
    denied: /^error 1$/,
    works: /^error 14$/,
  },
  {
    wall: "seccomp: new namespaces",
    script: () => call(272, 0x0400_0000),
    withoutIt: noFilter,
    denied: /^error 1$/,
    works: /^(allowed|error 1)$/,
  },
  {
    wall: "seccomp: the x32 ABI",
    script: () => call(0x4000_0000 + 39),
    withoutIt: noFilter,
    denied: /^error 1$/,
    works: /^(allowed|error 38)$/,
  },
  {
    wall: "network namespace",
    script: reach,
    withoutIt: without("--unshare-net", 0),
    denied: /refused|unreachable/i,
    works: /reached/,
  },
  {
    wall: "read-only root",
    script: () => "echo x > /planted && cat /planted",
    withoutIt: without("--remount-ro", 1, "/"),
    denied: /Read-only file system/,
    works: /^x$/m,
  },
  {
    wall: "read-only /dev",
    script: () => "echo x > /dev/planted && cat /dev/planted",
    withoutIt: without("--remount-ro", 1, "/dev"),
    denied: /Read-only file system/,
    works: /^x$/m,
  },
  {
    wall: "read-only /proc/sys",
    script: () => "echo 1 > /proc/sys/kernel/auto_msgmni && echo written",
    withoutIt: without("--ro-bind", 2, "/proc/sys"),
    denied: /Read-only file system/,
    works: /written/,
  },
  {
    wall: "empty environment",
    script: () => `echo "[$${canary}]"`,
    withoutIt: without("--clearenv", 0),
    denied: /^\[\]$/m,
    works: /\[leaked\]/,
  },
  {
    wall: "sized shared memory",
    script: () => "head -c 2M /dev/zero > /dev/shm/x && echo fits",
    withoutIt: without("--size", 1),
    denied: /No space left/,
    works: /fits/,
  },
];

describe("EXE-4 each wall", { timeout: 20_000 }, () => {
  test.each(attacks)("$wall: denied behind it, possible without it", async (attack) => {
    expect(await inside(attack.script())).toMatch(attack.denied);
    expect(await inside(attack.script(), attack.withoutIt)).toMatch(attack.works);
  });

  test("masked files of the kernel can't be read", async () => {
    const masked = plan.host.procFiles;
    expect(masked.length).toBeGreaterThan(0);
    const read = await inside(`cat ${masked.join(" ")} | wc -c`);
    expect(read).toMatch(/^0$/m);
  });
});

describe("EXE-2 the view from inside", { timeout: 20_000 }, () => {
  test("of the host only the listed paths are visible", async () => {
    const listed = await inside("echo /* /etc/*");
    expect(listed.trim().split(" ").sort()).toEqual(
      [
        ...["/bin", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/run", "/sbin", "/tmp"],
        ...["/usr", "/var", "/workspace", "/etc/alternatives", "/etc/group", "/etc/hosts"],
        ...["/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/os-release"],
        ...["/etc/passwd", "/etc/resolv.conf", "/etc/ssl"],
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

describe("EXE-3 what can be written", { timeout: 20_000 }, () => {
  test("is the workspace, /tmp and shared memory, and nothing else", async () => {
    const written = await inside(`
      for d in $(find / /dev /proc/sys /etc -xdev -writable -type d 2>/dev/null | sort -u); do
        (: > $d/planted) 2>/dev/null && echo $d
      done`);
    expect(written).toBe("/dev/shm\n/tmp\n/workspace\n");
  });
});

describe("EXE-6 addresses", { timeout: 20_000 }, () => {
  const targets = ["169.254.169.254/80", "10.0.0.1/443", "192.168.0.1/80", "1.1.1.1/443"];
  const names = ["metadata.google.internal/80", "example.com/443"];

  test.each([...targets, ...names])("%s is refused at once", async (target) => {
    const startedAtMs = performance.now();
    expect(await inside(`exec 3<>/dev/tcp/${target} && echo reached`)).toMatch(
      /unreachable|not known|resolution/i,
    );
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
