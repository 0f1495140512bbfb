/** Attempts to see, read, signal or outlive other processes of the machine. */
import type { EscapeAttempt } from "../support/attempt.ts";
import { canary } from "../support/machine.ts";
import { walls } from "../support/walls.ts";

/** The neighbour has the sandbox's own uid, so only a process namespace protects it. */
function onNeighbour(name: string, found: string): EscapeAttempt {
  const script = `verdict "$(${found})" "*${canary}*" ""`;
  return { name, control: "EXE-2", script, behind: [walls.processes], mode: "setpriv" };
}

export const onProcesses: readonly EscapeAttempt[] = [
  onNeighbour(
    "/proc/*/environ: another's variables",
    "cat /proc/*/environ 2>/dev/null | grep -ao canary-[a-z-]* | head -1",
  ),
  onNeighbour("/proc/*/root: another's files", "cat /proc/*/root/run/canary 2>/dev/null"),
  onNeighbour("/proc/*/fd: another's open files", "cat /proc/$NEIGHBOUR/fd/0 2>/dev/null"),
  onNeighbour("/proc/*/cwd: another's folder", "cat /proc/$NEIGHBOUR/cwd/canary 2>/dev/null"),
  {
    name: "signal another's process",
    control: "EXE-2",
    script: 'verdict "$(kill -0 $NEIGHBOUR 2>&1 && echo reached)" "reached" "*No such process"',
    behind: [walls.processes],
    mode: "setpriv",
  },
  {
    name: "read another's memory by ptrace",
    control: "EXE-4",
    script: 'verdict "$(sys ptrace 16 $NEIGHBOUR 0 0)" "ok 0" "errno @(1|3)"',
    behind: [walls.processes, walls.seccomp],
    mode: "setpriv",
  },
  {
    name: "another's shared memory",
    control: "EXE-2",
    script: `verdict "$(perl -e '
      my $id = shmget($ENV{UID_INSIDE}, 0, 0) // exit; shmread($id, my $text, 0, 64); print $text' |
      tr -d '\\0')" "*${canary}*" ""`,
    behind: [walls.ipc],
    mode: "userns",
  },
  {
    name: "the machine's own name",
    control: "EXE-2",
    script: 'verdict "$(cat /proc/sys/kernel/hostname)" the-machine paddock',
    behind: [walls.uts],
    mode: "userns",
  },
  {
    name: "the machine's control groups",
    control: "EXE-2",
    script: 'verdict "$(grep -o paddock-escape /proc/self/cgroup | head -1)" paddock-escape ""',
    behind: [walls.cgroupView],
    mode: "userns",
  },
  {
    name: "outlive the sandbox, in a session of one's own, deaf to signals",
    control: "EXE-7",
    script: `setsid perl -e '$SIG{$_} = "IGNORE" for qw(TERM HUP INT); sleep 600' &
      verdict started "" started`,
    behind: [walls.processes, walls.groupKill],
    mode: "setpriv",
    alone: true,
    outlives: true,
  },
  {
    name: "variables that the launcher had",
    control: "EXE-2",
    script: 'verdict "$LEAKED$(tr "\\0" "\\n" </proc/1/environ | grep -c LEAKED)" "*[1-9]*" 0',
    behind: [walls.emptyEnvironment, walls.emptyStart],
    mode: "userns",
  },
  {
    name: "leave the control group",
    control: "EXE-5",
    script: `for f in /sys/fs/cgroup/memory/cgroup.procs /sys/fs/cgroup/cgroup.procs; do
        (echo $BASHPID >$f) 2>/dev/null && left=left; done
      verdict "$left" left ""`,
    behind: [walls.noKernelTree, walls.unprivileged],
    mode: "setpriv",
    alone: true,
  },
];
