/** What the frames between supervisor and init carry, and how large it may be. */

/** `probe`: what the init found out about the walls around it, before it is given work. */
export interface ProbeReport {
  /** By name: `true` when denied as it must be, else what was seen instead. */
  readonly denials: Readonly<Record<string, true | string>>;
  readonly facts: Readonly<Record<string, number>>;
}

/** `run`: a script, run by bash, else sh, in the workspace. */
export interface RunRequest {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The port of the listener that refuses every way out; null if the sandbox has a network. */
  readonly refusingPort: number | null;
}

/** `refused`: what a program asked for where there is no way out. */
export interface RefusedAttempt {
  readonly method: "http" | "connect";
  readonly host: string;
  /** 0 when it can't be told. */
  readonly port: number;
}

export const refusedHostLengthMax = 260;

/** `ended`: of a script; one of both is set. */
export interface RunEnded {
  readonly code: number | null;
  readonly signal: string | null;
}

export const toInitBytesMax = 64 * 1024 * 1024;
export const fromInitBytesMax = 256 * 1024;

/** Each must be reported as denied, or nothing is run. */
export const denialNames = [
  "root-user",
  "groups",
  "capabilities",
  "new-privileges",
  "no-seccomp",
  "write-root",
  "write-usr",
  "write-etc",
  "write-dev",
  "write-proc-sys",
  "see-other-processes",
  "network-interfaces",
  "metadata-server",
  "inherited-descriptors",
  "inherited-environment",
  "core-files",
  "mount",
  "unshare",
  "clone-namespace",
  "setns",
  "chroot",
  "ptrace",
  "process-memory",
  "bpf",
  "keyctl",
  "userfaultfd",
  "io-uring",
  "performance-events",
  "open-by-handle",
  "netlink-socket",
  "packet-socket",
  "vsock-socket",
] as const;

export const factNames = [
  "uid",
  "gid",
  "workspaceBytes",
  "workspaceInodesMax",
  "tmpBytes",
  "openFilesMax",
  "fileBytesMax",
  "processesMax",
] as const;
