/** Tries the system calls that must be refused inside, one by one. */
import { closeSync, readFileSync } from "node:fs";

/** The descriptor where the init reads the results. */
export const resultsDescriptor = 6;

/** Errors that mean "no": not permitted, not implemented, no such address family. */
const refusals = new Set(["1", "38", "97"]);

const newUserNamespace = 0x1000_0000;
const childSignal = 17;
const currentFolder = -100;
const families = { netlink: 16, packet: 17, vsock: 40 };
const datagram = 2;
/** The packet filter's protocol, through which programs have escaped from sandboxes before. */
const netfilter = 12;

interface SystemCallAttempt {
  readonly x64: number;
  readonly arm64: number;
  readonly arguments: readonly number[];
}

const attempts: Readonly<Record<string, SystemCallAttempt>> = {
  mount: { x64: 165, arm64: 40, arguments: [0, 0, 0, 0, 0] },
  unshare: { x64: 272, arm64: 97, arguments: [newUserNamespace] },
  "clone-namespace": { x64: 56, arm64: 220, arguments: [newUserNamespace | childSignal, 0, 0, 0] },
  setns: { x64: 308, arm64: 268, arguments: [-1, 0] },
  chroot: { x64: 161, arm64: 51, arguments: [0] },
  ptrace: { x64: 101, arm64: 117, arguments: [0, 0, 0, 0] },
  "process-memory": { x64: 310, arm64: 270, arguments: [1, 0, 0, 0, 0, 0] },
  bpf: { x64: 321, arm64: 280, arguments: [0, 0, 0] },
  keyctl: { x64: 250, arm64: 219, arguments: [0, -3, 0] },
  userfaultfd: { x64: 323, arm64: 282, arguments: [0] },
  "io-uring": { x64: 425, arm64: 425, arguments: [1, 0] },
  "performance-events": { x64: 298, arm64: 241, arguments: [0, 0, -1, -1, 0] },
  "open-by-handle": { x64: 304, arm64: 265, arguments: [currentFolder, 0, 0] },
  "netlink-socket": { x64: 41, arm64: 198, arguments: [families.netlink, datagram, netfilter] },
  "packet-socket": { x64: 41, arm64: 198, arguments: [families.packet, datagram, 0] },
  "vsock-socket": { x64: 41, arm64: 198, arguments: [families.vsock, datagram, 0] },
};

/** Node can't make a system call by number; Perl can, and every Debian has it. */
const program = `
for (@ARGV) {
  my ($name, @call) = split /,/;
  my ($number, @values) = map { $_ + 0 } @call;
  my $result = syscall($number, @values);
  exit if $result == 0 && $name eq "clone-namespace";
  print $name, "=", $result == -1 ? $! + 0 : "allowed", "\\n";
}`;

/**
 * The shell command that tries them and prints each result. It runs while the init starts, which
 * takes longer. Nothing in it needs more quoting than it has.
 */
export function systemCallAttempts(): string {
  const calls = Object.entries(attempts).map(([name, attempt]) => {
    const number = process.arch === "arm64" ? attempt.arm64 : attempt.x64;
    return [name, number, ...attempt.arguments].join(",");
  });
  return `/usr/bin/perl -e '${program}' ${calls.join(" ")}`;
}

/** Results by name: `true` if refused, else what happened. A missing name wasn't tried. */
export function systemCallResults(): Record<string, true | string> {
  const results = readFileSync(resultsDescriptor, "utf8");
  closeSync(resultsDescriptor);
  return Object.fromEntries(results.trim().split("\n").map(readLine));
}

function readLine(line: string): [string, true | string] {
  const [name = "", result = ""] = line.split("=");
  if (refusals.has(result)) return [name, true];
  return [name, result === "allowed" ? result : `error ${result}`];
}
