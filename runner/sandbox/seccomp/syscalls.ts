/**
 * The system calls that the sandbox may make, each with its number on x86-64 and on arm64; `-` if
 * an architecture lacks it. All others are refused; deliberately so are mounting, tracing,
 * namespaces, keys, BPF, io_uring, userfaultfd, performance counters, clocks and modules.
 *
 * @see `asm/unistd_64.h` and `asm-generic/unistd.h` of Linux 6.1; the test compares them where they
 * are installed.
 */

/** Calls that are always allowed, each group with the reason. */
const allowed = [
  // Files are read and written. The mount namespace has only the sandbox's own.
  `read 0 63, write 1 64, open 2 -, openat 257 56, openat2 437 437, creat 85 -, close 3 57,
  close_range 436 436, lseek 8 62, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66,
  preadv 295 69, pwritev 296 70, pwritev2 328 287, readahead 187 213`,
  // Programs ask what a file is and what they may do with it.
  `stat 4 -, fstat 5 80, lstat 6 -, newfstatat 262 79, statx 332 291, statfs 137 43,
  fstatfs 138 44, access 21 -, faccessat 269 48, faccessat2 439 439`,
  // Descriptors are copied and configured, and files are locked.
  `dup 32 23, dup2 33 -, dup3 292 24, fcntl 72 25, flock 73 32`,
  // Data is flushed, but only of the sandbox's file systems, which are in memory.
  `fsync 74 82, fdatasync 75 83, sync_file_range 277 84`,
  // Sizes change within what a file system has room for.
  `truncate 76 45, ftruncate 77 46, fallocate 285 47`,
  // Folders and links are made, read, renamed and removed.
  `getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -,
  renameat 264 38, renameat2 316 276, mkdir 83 -, mkdirat 258 34, rmdir 84 -, link 86 -,
  linkat 265 37, unlink 87 -, unlinkat 263 35, symlink 88 -, symlinkat 266 36, readlink 89 -,
  readlinkat 267 78`,
  // Pipes and sockets get names. Devices would need a capability that no process inside has.
  `mknod 133 -, mknodat 259 33`,
  // One's own files get rights, owners and times. Set-uid bits do nothing under no_new_privs.
  `chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -, fchown 93 55,
  lchown 94 -, fchownat 260 54, umask 95 166, utime 132 -, utimes 235 -, utimensat 280 88,
  futimesat 261 -`,
  // Files that a program may change get extended attributes.
  `setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, getxattr 191 8, lgetxattr 192 9,
  fgetxattr 193 10, listxattr 194 11, llistxattr 195 12, flistxattr 196 13, removexattr 197 14,
  lremovexattr 198 15, fremovexattr 199 16`,
  // Data moves between descriptors without a copy in the program.
  `sendfile 40 71, copy_file_range 326 285, splice 275 76, tee 276 77, pipe 22 -, pipe2 293 59`,
  // Files in memory count in the control group; build tools watch files.
  `memfd_create 319 279, inotify_init 253 -, inotify_init1 294 26, inotify_add_watch 254 27,
  inotify_rm_watch 255 28`,
  // A process maps its own memory, which the control group limits. Compilers at run time need it
  // executable. `mincore` tells only of files that the process could write.
  `mmap 9 222, munmap 11 215, mremap 25 216, mprotect 10 226, msync 26 227, madvise 28 233,
  mincore 27 232, brk 12 214, membarrier 324 283, pkey_mprotect 329 288, pkey_alloc 330 289,
  pkey_free 331 290, mseal 462 462`,
  // Secrets are kept out of swap; locked memory counts like any other.
  `mlock 149 228, mlock2 325 284, munlock 150 229, mlockall 151 230, munlockall 152 231`,
  // Shared memory, semaphores and queues belong to the sandbox's IPC namespace.
  `shmget 29 194, shmat 30 196, shmctl 31 195, shmdt 67 197, semget 64 190, semop 65 193,
  semctl 66 191, semtimedop 220 192, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187,
  mq_open 240 180, mq_unlink 241 181, mq_timedsend 242 182, mq_timedreceive 243 183,
  mq_notify 244 184, mq_getsetattr 245 185`,
  // Allocators ask where memory is; they can't choose it.
  `get_mempolicy 239 236`,
  // Event loops wait.
  `select 23 -, pselect6 270 72, poll 7 -, ppoll 271 73, epoll_create 213 -,
  epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22,
  epoll_pwait2 441 441, eventfd 284 -, eventfd2 290 19, signalfd 282 -, signalfd4 289 74,
  timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87`,
  // Threads wait for each other.
  `futex 202 98, futex_waitv 449 449, futex_wake 454 454, futex_wait 455 455,
  futex_requeue 456 456, set_robust_list 273 99, get_robust_list 274 100`,
  // Clocks are read and timers set. Setting a clock is refused.
  `nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114,
  gettimeofday 96 169, time 201 -, times 100 153, alarm 37 -, getitimer 36 102,
  setitimer 38 103, timer_create 222 107, timer_settime 223 110, timer_gettime 224 108,
  timer_getoverrun 225 109, timer_delete 226 111, pause 34 -, restart_syscall 219 128`,
  // Processes start, end and wait for others. The control group limits their number.
  `fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, exit 60 93, exit_group 231 94,
  wait4 61 260, waitid 247 95`,
  // Signals reach only processes of the sandbox's pid namespace.
  `kill 62 129, tkill 200 130, tgkill 234 131, pidfd_open 434 434, pidfd_send_signal 424 424,
  rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
  rt_sigsuspend 130 133, rt_sigtimedwait 128 137, rt_sigqueueinfo 129 138,
  rt_tgsigqueueinfo 297 240, sigaltstack 131 132`,
  // Shells ask for ids of processes, groups and sessions, and set those of their jobs.
  `getpid 39 172, getppid 110 173, gettid 186 178, getpgrp 111 -, getpgid 121 155,
  setpgid 109 154, getsid 124 156, setsid 112 157, getuid 102 174, geteuid 107 175,
  getgid 104 176, getegid 108 177, getresuid 118 148, getresgid 120 150, getgroups 115 158`,
  // Programs give up ids and capabilities. Without a capability nothing can be gained.
  `setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143, setresuid 117 147,
  setresgid 119 149, setgroups 116 159, setfsuid 122 151, setfsgid 123 152, capget 125 90,
  capset 126 91`,
  // Programs restrict themselves further, and name or configure their threads.
  `prctl 157 167, arch_prctl 158 -, seccomp 317 277, landlock_create_ruleset 444 444,
  landlock_add_rule 445 445, landlock_restrict_self 446 446`,
  // A process shares its own CPU time among its threads. The control group limits the sum.
  `getrlimit 97 163, getrusage 98 165, getpriority 140 141, setpriority 141 140,
  sched_yield 24 124, sched_getaffinity 204 123, sched_setaffinity 203 122,
  sched_getparam 143 121, sched_setparam 142 118, sched_getscheduler 145 120,
  sched_setscheduler 144 119, sched_get_priority_max 146 125, sched_get_priority_min 147 126,
  sched_rr_get_interval 148 127, sched_getattr 315 275, sched_setattr 314 274,
  ioprio_get 252 31, ioprio_set 251 30`,
  // C libraries call these when a program or thread starts.
  `getcpu 309 168, rseq 334 293, set_tid_address 218 96, set_thread_area 205 -,
  get_thread_area 211 -, uname 63 160, sysinfo 99 179, getrandom 318 278`,
  // Sockets are used. `socket` and `socketpair` decide their family, and the network namespace whom
  // they reach.
  `bind 49 200, listen 50 201, accept 43 202, accept4 288 242, connect 42 203,
  getsockname 51 204, getpeername 52 205, getsockopt 55 209, setsockopt 54 208, sendto 44 206,
  recvfrom 45 207, sendmsg 46 211, recvmsg 47 212, sendmmsg 307 269, recvmmsg 299 243,
  shutdown 48 210`,
];

/** Calls that are allowed with some arguments only. `filter.ts` says for each which, and why. */
const inspected = `
  clone 56 220, clone3 435 435, socket 41 198, socketpair 53 199, ioctl 16 29,
  personality 135 92, setrlimit 160 164, prlimit64 302 261, sync 162 81, syncfs 306 267, fadvise64 221 223,
  preadv2 327 286, cachestat 451 451,
`;

/** Higher numbers are newer than the list; "not implemented" lets callers fall back. */
export const newestKnownNumber = 462;

export const architectures = ["x64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];

/** Calls that are always allowed, by name. */
export function allowedCalls(architecture: Architecture): Map<string, number> {
  return numbers(allowed.join(","), architecture);
}

/** Calls that are allowed with some arguments only, by name. */
export function inspectedCalls(architecture: Architecture): Map<string, number> {
  return numbers(inspected, architecture);
}

function numbers(table: string, architecture: Architecture): Map<string, number> {
  const calls = new Map<string, number>();
  for (const row of table.split(",")) {
    const [name, x64, arm64] = row.trim().split(" ");
    const number = architecture === "x64" ? x64 : arm64;
    if (name && number !== undefined && number !== "-") calls.set(name, Number(number));
  }
  return calls;
}
