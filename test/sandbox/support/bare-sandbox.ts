/** A sandbox from the builder's command line alone, without launcher and supervisor. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { pollUntil } from "../../../local/lib/poll-until.ts";
import { killProcess } from "../../../runner/launcher/kill-process.ts";
import { hostFacts, writeSystemFiles } from "../../../runner/launcher/scratch.ts";
import {
  descriptors,
  maskedProcFiles,
  type SandboxPlan,
} from "../../../runner/sandbox/bubblewrap-arguments.ts";
import { assemble, seccompFilter } from "../../../runner/sandbox/seccomp/filter.ts";

export const uid = 1_899_999_101;
const namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];
const looksMsMax = 20_000;
const diesMsMax = 1_500;

/** Everything observable about a sandbox, as lines of `what value`. */
export type Facts = readonly string[];

/** Creates the files that a sandbox needs; `remove` deletes them. */
export function prepareSandbox(mode: SandboxMode): { plan: SandboxPlan; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "paddock-bare-"));
  chmodSync(folder, 0o755);
  const runtime = join(folder, "runtime");
  for (const name of ["workspace", "tmp"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), uid, uid);
  }
  for (const name of ["bin", "init"]) mkdirSync(join(runtime, name), { recursive: true });
  writeFileSync(join(runtime, "bin/node"), "");
  writeSystemFiles(runtime, uid);
  // The machine's own files under other names, because overlays would outlive a killed test.
  const system = join(folder, "system");
  mkdirSync(system);
  for (const name of ["usr", "etc", "dev"]) symlinkSync(`/${name}`, join(system, name));
  symlinkSync("/dev/pts", join(system, "pts"));
  const architecture = process.arch === "arm64" ? "arm64" : "x64";
  writeFileSync(join(runtime, "filter.bpf"), assemble(seccompFilter(architecture)));
  return {
    plan: {
      mode,
      uid,
      workspace: join(folder, "workspace"),
      tmp: join(folder, "tmp"),
      layer: null,
      runtime,
      node: join(runtime, "bin/node"),
      system,
      initFile: "init.cjs",
      host: hostFacts(),
      sharedMemoryBytes: 1024 * 1024,
      openFilesMax: 64,
      fileBytesMax: 1024 * 1024,
      processesMax: null,
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const look = `
use strict; $| = 1;
sub lines { open(my $f, "<", $_[0]) or return; map { chomp; $_ } <$f> }
sub say { print join(" ", @_), "\\n" }
my (%mounts, %layers);
for (map { [(split / /)[4, 5]] } lines("/proc/self/mountinfo")) {
  $mounts{$$_[0]} = $$_[1]; $layers{$$_[0]}++;
}
for (sort keys %mounts) {
  my %options = map { $_ => 1 } split /,/, $mounts{$_};
  my @layers = m{^/dev/} && $layers{$_} > 1 ? "over-another" : ();
  say("mount", $_, (grep { $options{$_} } qw(ro rw nosuid nodev)), @layers);
}
for (qw(/ /etc /etc/ssl /opt /opt/paddock /opt/paddock/bin /opt/paddock/etc /run /var /dev /dev/shm)) {
  say("folder", $_, sprintf("%o", ((stat $_)[2] // 0) & 07777));
}
for (qw(${maskedProcFiles.join(" ")})) { say("file", $_, (stat _)[6] == 259 ? "masked" : "open") if stat $_ }
for (glob("/* /etc/* /var/* /opt/paddock/etc/*")) { say("link", $_, readlink $_) if -l $_ }
say("names", $_) for glob("/* /etc/* /var/* /opt/paddock/*");
say("shared-memory", grep { /size/ } split /[ ,]/, (grep { m{ /dev/shm } } lines("/proc/mounts"))[0]);
say("variable", $_, $ENV{$_}) for sort keys %ENV;
say("status", split " ") for grep { /^(Uid|Gid|Groups|Cap\\w+|NoNewPrivs|Seccomp):/ } lines("/proc/self/status");
say("hostname", lines("/proc/sys/kernel/hostname"));
say("load", lines("/proc/loadavg"));
say("core-files", (grep { s/^Max core file size\\s+// } lines("/proc/self/limits"))[0] =~ /(\\S+)/g);
say("first", $$);
say("session", (split " ", (lines("/proc/self/stat"))[0])[5]);
say("namespace", $_, readlink "/proc/self/ns/$_") for qw(${namespaces.join(" ")});
say("end"); sleep 600;`;

/**
 * Starts `command` with our own first process, and inspects it from inside and outside.
 *
 * @returns What was seen, or why it didn't start.
 */
export async function factsOf(
  command: readonly string[],
  { runtime }: SandboxPlan,
): Promise<Facts> {
  const filter = openSync(join(runtime, "filter.bpf"), "r");
  const words = [...asserted(command).slice(0, -3), "/usr/bin/perl", "-e", look];
  const child = spawn("/bin/sh", ["-c", '"$@"; :', "parent", ...words], {
    stdio: ["ignore", "pipe", "pipe", "ignore", filter, "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", CANARY: "leaked" },
    detached: true,
  });
  closeSync(filter);
  const exited = once(child, "exit");
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const complaint = child.stderr === null ? Promise.resolve("") : text(child.stderr);
  let info = "";
  const extra: readonly unknown[] = child.stdio;
  const infoPipe = extra[descriptors.info];
  if (!(infoPipe instanceof Readable)) throw new Error("There is no pipe.");
  infoPipe.on("data", (chunk: Buffer) => {
    info += chunk.toString("utf8");
  });
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  await pollUntil(() => said.includes("\nend\n") || isOver(), looksMsMax);
  if (isOver()) return [`not started: ${(await complaint).trim()}`];
  const told = /"child-pid":\s*(\d+)/.exec(info)?.[1];
  const pid = Number(told ?? childOf(childOf(child.pid ?? 0)));
  const monitor = parentOf(pid);
  child.kill("SIGKILL");
  await exited;
  // In mode setpriv bubblewrap may not signal another uid, so the first process isn't expected to
  // end.
  const watched = command.includes("--unshare-user") ? [monitor, pid] : [monitor];
  const ends = watched.map((each) => pollUntil(() => !isAlive(each), diesMsMax));
  const endsWithParent = (await Promise.all(ends)).every(Boolean);
  killProcess(pid);
  return [
    ...said.trim().split("\n").slice(0, -1).map(nameNamespace),
    `told-its-pid ${told !== undefined}`,
    `ends-with-its-parent ${endsWithParent}`,
  ];
}

/** Uses bubblewrap's own report about namespaces, since the filter hides the answer from us. */
function asserted(command: readonly string[]): readonly string[] {
  const end = command.lastIndexOf("--");
  if (!command.includes("--unshare-user")) return command;
  return [...command.slice(0, end), "--assert-userns-disabled", ...command.slice(end)];
}

/** Replaces a namespace's number with whether it is ours. */
function nameNamespace(line: string): string {
  const [what, kind, link] = line.split(" ");
  if (what !== "namespace" || kind === undefined) return line;
  return `namespace ${kind} ${readlinkSync(`/proc/self/ns/${kind}`) === link ? "shared" : "own"}`;
}

/** Zombies don't count. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
