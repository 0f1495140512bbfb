/** An attempt to get out, and the walls that can be removed to show that it works without them. */

import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import type { SandboxLimits } from "../../../runner/launcher/messages.ts";
import { systemCallNumbers } from "./system-calls.ts";

export interface EscapeAttempt {
  /** What it tries to do. */
  readonly name: string;
  /** The promise it attacks. */
  readonly control: string;
  /** A bash script to run inside; its last command is `verdict`. */
  readonly script: string;
  /**
   * The walls in its way: each of them alone must stop it, and without all of them it must work.
   */
  readonly behind: readonly Wall[];
  /** The mode in which those are the only walls in its way. */
  readonly mode: SandboxMode;
  /** It makes its sandbox unusable for other attempts. */
  readonly alone?: true;
  /** Checked after the sandbox has ended: whether a process of its uid still runs. */
  readonly outlives?: true;
}

/** One wall, and the sandbox without it. */
export interface Wall {
  readonly name: string;
  readonly command?: (words: readonly string[]) => readonly string[];
  readonly limits?: Partial<SandboxLimits>;
  /** The group isn't killed. */
  readonly leavesGroup?: true;
}

/**
 * `sys mount str:none str:/tmp str:tmpfs 0 0 -- chroot 0` makes system calls by name in one
 * process, and prints `ok 3` or `errno 1` for each. `verdict RESULT ESCAPED CONTAINED` says which
 * of two patterns the result matches; if neither, the attempt is broken, for example by a missing
 * tool.
 */
export const prelude = `
shopt -s extglob
sys() { perl -e "$SYS" -- "$@" 2>&1; }
verdict() {
  local seen="\${1//$'\\n'/ }"
  case "$seen" in
    $2) echo "escaped: $seen" ;;
    $3) echo "contained: $seen" ;;
    *) echo "neither: $seen" ;;
  esac
}
`;

const numbers = Object.entries(systemCallNumbers).map(([name, number]) => `${name} => ${number}`);

/** Written in Perl, because Node can't make a system call by number. */
export const systemCallProgram = `
use strict; my %number = (${numbers.join(", ")});
my @calls = ([]); my @said;
for (@ARGV) { if ($_ eq "--") { push @calls, [] } else { push @{$calls[-1]}, $_ } }
for my $call (@calls) {
  my ($name, @rest) = @$call;
  my @values = map {
    /^str:(.*)$/s ? "$1\\0" : /^buf:(\\d+)$/ ? "\\0" x $1 : /^hex:(.*)$/ ? pack("H*", $1)
      : /^0x/ ? oct($_) : $_ + 0 } @rest;
  die "no call named $name" unless exists $number{$name};
  my $result = syscall($number{$name}, @values);
  push @said, $result == -1 ? "errno " . ($! + 0) : "ok $result";
}
print join(", ", @said);`;
