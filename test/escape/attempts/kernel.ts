/** System calls that would extend a program's rights, or reach kernel code that it doesn't need. */
import type { EscapeAttempt } from "../support/attempt.ts";
import { walls } from "../support/walls.ts";

const newUser = 0x1000_0000;
const newMount = 0x0002_0000;
const newNet = 0x4000_0000;
const newUts = 0x0400_0000;
const childSignal = 17;
/** Answers of the filter: not permitted, not implemented, no such protocol or address family. */
const refused = "+(errno @(1|38|93|97)?(, ))";
const mounting = `unshare ${newUser | newMount}`;
/** `struct file_handle` with room for 128 bytes. */
const handle = `hex:80000000${"00".repeat(132)}`;

/** A system call, and the kernel's own answer, which shows that the kernel was asked. */
function call(
  name: string,
  made: string,
  answered: string,
  behind = [walls.seccomp],
): EscapeAttempt {
  const script = `verdict "$(sys ${made})" "@(${answered})" "${refused}"`;
  return { name, control: "EXE-4", script, behind, mode: "setpriv" };
}

const rootOnly = [walls.seccomp, walls.unprivileged];

export const onTheKernel: readonly EscapeAttempt[] = [
  // New namespaces, and what is possible in them.
  call("unshare: a user namespace", `unshare ${newUser}`, "ok 0"),
  call("clone: a user namespace", `clone ${newUser | childSignal} 0 0 0 0`, "ok *"),
  call("clone3: its flags, which no filter can read", "clone3 0 0", "errno 22"),
  call("setns: another's namespace", "setns -1 0", "errno 9"),
  call(
    "mount: in a namespace of one's own",
    `${mounting} -- mount str:none str:/tmp str:tmpfs 0 0`,
    "ok 0, ok 0",
  ),
  call("umount2: what lies below", `${mounting} -- umount2 str:/workspace 0`, "ok 0, errno 22"),
  call("pivot_root: another root", `${mounting} -- pivot_root str:. str:.`, "ok 0, errno 22"),
  call("fsopen: a new file system", `${mounting} -- fsopen str:tmpfs 0`, "ok 0, ok *"),
  call("open_tree: a copy of the tree", `${mounting} -- open_tree -100 str:/usr 1`, "ok 0, ok *"),
  call(
    "mount_setattr: make it writable",
    `${mounting} -- mount_setattr -100 str:/workspace 0 buf:32 32`,
    "ok 0, ok 0",
  ),
  call(
    "move_mount: put a tree elsewhere",
    `${mounting} -- move_mount -1 str: -1 str: 0`,
    "ok 0, errno @(2|9|14|22)",
  ),
  call("chroot: another root", `unshare ${newUser} -- chroot str:/usr`, "ok 0, ok 0"),
  call(
    "sethostname: another name",
    `unshare ${newUser | newUts} -- sethostname str:owned 5`,
    "ok 0, ok 0",
  ),
  call(
    "socket: packets in a network of one's own",
    `unshare ${newUser | newNet} -- socket 17 3 0`,
    "ok 0, ok *",
  ),
  // Other processes.
  call("ptrace", "ptrace 0 0 0 0", "ok 0"),
  call("process_vm_readv: another's memory", "process_vm_readv 1 0 0 0 0 0", "ok 0"),
  {
    name: "pidfd_getfd: the init's line to the supervisor",
    control: "EXE-4",
    script: 'verdict "$(sys pidfd_open $PPID 0 -- pidfd_getfd 3 0 0)" "ok 3, ok *" "ok 3, errno 1"',
    behind: [walls.seccomp],
    mode: "setpriv",
  },
  call("kcmp: compare kernel objects", "kcmp $$ $$ 0 0 0", "ok 0"),
  call("process_madvise: another's pages", "process_madvise -1 0 0 0 0", "errno 9"),
  call("move_pages: pages between nodes", "move_pages 0 0 0 0 0 0", "ok 0"),
  // Kernel code that has let programs out before.
  call("bpf", "bpf 0 0 0", "errno @(14|22|7)"),
  call("userfaultfd", "userfaultfd 1", "ok *"),
  call("io_uring", "io_uring_setup 1 buf:120", "ok *"),
  call("perf_event_open", "perf_event_open 0 0 -1 -1 0", "errno 14"),
  call("fanotify", "fanotify_init 0x200 0", "ok *"),
  call("add_key: a kernel keyring", "add_key str:user str:escape str:x 1 -2", "ok *"),
  call("request_key: a kernel key", "request_key str:user str:escape 0 0", "errno 126"),
  call("keyctl: the session's keyring", "keyctl 0 -3 1", "@(ok *|errno 126)"),
  call("vmsplice: pages into a pipe", "vmsplice 1 0 0 0", "ok 0"),
  call("adjtimex: look at the clock's course", "adjtimex buf:208", "ok *"),
  call("quotactl", "quotactl 0x80000100 0 0 0", "ok 0"),
  call("personality: no randomised addresses", "personality 0x0040000", "ok 0"),
  call(
    "name_to_handle_at: a file's handle",
    `name_to_handle_at -100 str:/workspace ${handle} buf:4 0`,
    "@(ok 0|errno 95)",
  ),
  call("open_by_handle_at: a file by its handle", "open_by_handle_at -100 0 0", "errno 14"),
  call("netlink socket, of anything but routing", "socket 16 3 16", "ok *"),
  call(
    "socketpair: two of netlink, which are made all the same",
    "socketpair 16 3 16 buf:8",
    "errno 95",
  ),
  call("socket: a protocol of the internet that no program needs", "socket 2 1 262", "ok *"),
  call("cachestat: what is in the machine's page cache", "cachestat -1 0 0 0", "errno @(9|14)"),
  call("packet socket", "socket 17 3 0", "errno 1"),
  // Calls that need root, which no process inside is; the filter refuses them as well.
  call("syslog: the kernel's messages", "syslog 10 0 0", "ok *", rootOnly),
  call("swapon", "swapon 0 0", "errno 14", rootOnly),
  call("reboot: with a wrong password", "reboot 0 0 0 0", "errno 22", rootOnly),
  call("acct: a record of all processes", "acct str:/workspace/none", "errno 2", rootOnly),
  {
    name: "nested user namespaces, though the filter is gone",
    control: "EXE-4",
    script: `verdict "$(sys unshare ${newUser})" "ok 0" "errno @(1|28)"`,
    behind: [walls.seccomp, walls.noUserNamespaces],
    mode: "userns",
  },
  {
    name: "TIOCSTI: keystrokes into a terminal",
    control: "EXE-4",
    script: `verdict "$(perl -e 'my $key = "x"; ioctl(STDIN, 0x5412, $key); print $! + 0')" 25 1`,
    behind: [walls.seccomp],
    mode: "setpriv",
  },
];
