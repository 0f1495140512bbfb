/** Attempts to read, change or create files outside of the workspace and `/tmp`. */
import type { EscapeAttempt } from "../support/attempt.ts";
import { canary, lockedFiles, openedFile } from "../support/machine.ts";
import { systemCallNumbers } from "../support/system-calls.ts";
import { walls } from "../support/walls.ts";

const readOnly = "*Read-only file system*";
/** Opens a file for writing and writes nothing, since a program that may do that may do more. */
const open = (path: string) => `perl -e 'open(my $f, ">>", "${path}") ? print "opened" : print $!'`;

const coreLimit = "sed -n 's/^Max core file size *\\([0-9a-z]*\\).*/\\1/p' /proc/self/limits";

function read(name: string, script: string, behind: EscapeAttempt["behind"]): EscapeAttempt {
  return { name, control: "EXE-2", script, behind, mode: "setpriv" };
}

/** Passes a bit between executions: the file is locked, or it isn't. */
function seeLock(what: string, path: string): EscapeAttempt {
  const inside = path === lockedFiles.Node ? "/opt/paddock/bin/node" : path;
  const script = `verdict "$(flock -n ${inside} true && echo free || echo locked)" locked free`;
  return { name: `another's lock on ${what}`, control: "EXE-9", script, behind, mode: "userns" };
}
const behind = [walls.ownInodes];
const { inotify_init1: init, inotify_add_watch: watch } = systemCallNumbers;

export const onFiles: readonly EscapeAttempt[] = [
  ...Object.entries(lockedFiles).map(([what, path]) => seeLock(what, path)),
  {
    name: "a watch on what others open",
    control: "EXE-9",
    script: `verdict "$(perl -e 'my ($file, $bits) = ("${openedFile}", "");
      my $watch = syscall(${init}, 0); syscall(${watch}, $watch, $file, 0x20) > 0 or die $!;
      vec($bits, $watch, 1) = 1; print select($bits, undef, undef, 1) ? "seen" : "nothing"')" \
      seen nothing`,
    behind,
    mode: "userns",
  },
  {
    name: "a new file in the root",
    control: "EXE-3",
    script: `verdict "$(${open("/planted")})" opened "${readOnly}"`,
    behind: [walls.readOnlyRoot],
    mode: "userns",
  },
  {
    name: "a user of one's own in /etc",
    control: "EXE-3",
    script: `verdict "$(${open("/etc/shadow")})" opened "${readOnly}"`,
    behind: [walls.readOnlyRoot, walls.mountedEtc],
    mode: "userns",
  },
  {
    name: "a file in /dev",
    control: "EXE-3",
    script: `verdict "$(${open("/dev/planted")})" opened "${readOnly}"`,
    behind: [walls.readOnlyDev],
    mode: "userns",
  },
  {
    name: "the machine's programs",
    control: "EXE-3",
    script: `verdict "$(${open("/usr/lib/os-release")})" opened "@(${readOnly}|*denied*)"`,
    behind: [walls.readOnlyUsr, walls.unprivileged],
    mode: "setpriv",
  },
  {
    name: "the init that the next sandbox starts with",
    control: "EXE-3",
    script: `verdict "$(${open("/opt/paddock/init/init.cjs")})" opened "@(${readOnly}|*denied*)"`,
    behind: [walls.readOnlyInit, walls.unprivileged],
    mode: "setpriv",
  },
  read("a file of the machine", `verdict "$(cat /run/canary 2>&1)" "${canary}" "*No such file*"`, [
    walls.onlyNamedPaths,
  ]),
  read(
    "a file of another execution",
    `verdict "$(cat /run/other-execution/canary 2>&1)" "${canary}" "*@(No such file|denied)*"`,
    [walls.onlyNamedPaths, walls.unprivileged],
  ),
  read(
    "a link to a file of the machine",
    `ln -s /run/canary way-out; verdict "$(cat way-out 2>&1)" "${canary}" "*No such file*"`,
    [walls.onlyNamedPaths],
  ),
  {
    name: "kernel.core_pattern: a program that the machine runs as root",
    control: "EXE-4",
    script: `f=/proc/sys/kernel/core_pattern; v=$(cat $f)
      verdict "$( (echo "$v" >$f) 2>&1 && echo written)" written "@(${readOnly}|*denied*)"`,
    behind: [walls.unprivileged, walls.guardedProc],
    mode: "setpriv",
  },
  {
    name: "a sysctl of one's own namespace",
    control: "EXE-4",
    script: `f=/proc/sys/kernel/auto_msgmni; v=$(cat $f)
      verdict "$( (echo "$v" >$f) 2>&1 && echo written)" written "@(${readOnly}|*denied*)"`,
    behind: [walls.readOnlySysctl],
    mode: "userns",
  },
  {
    name: "where the kernel keeps its functions and keys",
    control: "EXE-2",
    script:
      'verdict "$(cat /proc/kallsyms /proc/keys /proc/timer_list 2>/dev/null | wc -c)" "[1-9]*" 0',
    behind: [walls.maskedProc],
    mode: "userns",
  },
  {
    name: "a device of the machine",
    control: "EXE-2",
    script: `cd /dev; all=$(echo *); shopt -u extglob; for d in $all; do case $d in
        console|core|fd|full|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|urandom|zero) ;;
        *) seen=$d ;; esac; done; verdict "\${seen:+device}" device ""`,
    behind: [walls.ownDevices],
    mode: "userns",
  },
  {
    name: "a device node of one's own",
    control: "EXE-4",
    script: 'verdict "$(sys mknodat -100 str:node 0x21b6 0x103)" "ok 0" "errno 1"',
    behind: [walls.unprivileged],
    mode: "setpriv",
  },
  {
    name: "a program that runs as root",
    control: "EXE-4",
    script: 'verdict "$(/opt/paddock/init/who -u)" 0 "$UID_INSIDE"',
    behind: [walls.noNewPrivileges],
    mode: "userns",
  },
  {
    name: "memory in core files",
    control: "EXE-5",
    script: `verdict "$(${coreLimit})" unlimited 1`,
    behind: [walls.coreFiles],
    mode: "userns",
  },
  {
    name: "memory for the machine's own core handler: it is asked at a limit of 0",
    control: "EXE-5",
    script: `verdict "$(ulimit -c 0 && ${coreLimit})" 0 1`,
    behind: [walls.seccomp],
    mode: "setpriv",
  },
];
