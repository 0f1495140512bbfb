/** What attempts may find outside: files, processes and servers of a machine made for them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chownSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocketServer } from "node:net";

/** A value that no program inside should learn. */
export const canary = "canary-of-the-machine";
/** Where sandboxes are prepared. */
export const scratches = "/mnt";
const canaryFile = "/run/canary";
const otherFile = "/run/other-execution/canary";

const otherUid = 1_699_999_999;
const addresses = [
  "169.254.169.254",
  "10.1.2.3",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "1.1.1.1",
  "fd00:ec2::254",
];

/** Runs in its own namespaces, so nothing else on this host sees it. */
export async function openMachine(): Promise<void> {
  for (const folder of ["/run", scratches]) execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
  execFileSync("hostname", ["the-machine"]);
  writeFileSync(canaryFile, canary);
  mkdirSync("/run/other-execution", { mode: 0o700 });
  writeFileSync(otherFile, canary, { mode: 0o600 });
  for (const path of ["/run/other-execution", otherFile]) chownSync(path, otherUid, otherUid);
  execFileSync("ip", ["link", "set", "lo", "up"]);
  for (const address of addresses) execFileSync("ip", ["addr", "add", address, "dev", "lo"]);
  const web = createServer((_request, response) => response.end("reached"));
  await once(web.listen(80, "::"), "listening");
  await openResolver();
  await startOtherExecution();
  const abstract = createSocketServer((socket) => socket.end("reached"));
  await once(abstract.listen("\0paddock-escape"), "listening");
}

/** System files that another process on the machine has locked. */
export const lockedFiles = {
  "a program": "/usr/bin/env",
  "a device": "/dev/null",
  "a folder of /etc": "/etc/alternatives",
  Node: process.execPath,
} as const;

/** A file that another process on the machine opens again and again. */
export const openedFile = "/usr/lib/os-release";

/**
 * What another execution does with system files, in case it shares them with the attempts.
 * Resolves once it holds every lock.
 */
async function startOtherExecution(): Promise<void> {
  const locks = Object.values(lockedFiles).flatMap((path) => ["flock", path]);
  const opens = `$| = 1; print "locked";
    while (1) { open(my $f, "<", "${openedFile}"); select(undef, undef, undef, 0.01) }`;
  const [command = "", ...rest] = [...locks, "perl", "-e", opens];
  const env = { PATH: "/usr/bin:/bin" };
  const { stdout } = spawn(command, rest, { stdio: ["ignore", "pipe", "ignore"], env });
  await once(stdout, "data");
}

/** Answers every name with an address, as the far end of a tunnel would. */
async function openResolver(): Promise<void> {
  const resolver = createSocket("udp4", (query, from) => {
    const isAddress = query.readUInt16BE(query.indexOf(0, 12) + 1) === 1;
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const header = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 1, 2, 3]);
    header.writeUInt8(isAddress ? 1 : 0, 7);
    const reply = Buffer.concat([header, question, ...(isAddress ? [answer] : [])]);
    resolver.send(reply, from.port, from.address);
  });
  resolver.bind(53, "0.0.0.0");
  await once(resolver, "listening");
}

/**
 * Another process under the sandbox's own uid: only walls protect it, no permissions. Resolves once
 * it has its shared memory.
 */
export async function startNeighbour(uid: number): Promise<ChildProcess> {
  const user = ["--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
  const shared = `shmwrite(shmget($ENV{KEY}, 4096, 01666), $ENV{CANARY}, 0, 64) or die;
    $| = 1; print "shared"; sleep 600`;
  const neighbour = spawn("setpriv", [...user, "perl", "-e", shared], {
    stdio: [openSync(canaryFile, "r"), "pipe", "inherit"],
    cwd: "/run",
    env: { CANARY: canary, KEY: `${uid}`, PATH: "/usr/bin:/bin" },
  });
  if (neighbour.stdout === null) throw new Error("The neighbour has no output.");
  await once(neighbour.stdout, "data");
  return neighbour;
}

/** Living processes of a uid, on this machine. */
export function processesOf(uid: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) === uid && !/^State:\s+[ZX]/m.test(status);
    } catch {
      return false;
    }
  });
}
