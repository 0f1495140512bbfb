/** What the frames between supervisor and init contain, and how large they may be. */

/** `probe`: what the init found out about the walls before it is given work. */
export interface ProbeReport {
  /** Denials by name: `true` if denied as required, else what was seen instead. */
  readonly denials: Readonly<Record<string, true | string>>;
  readonly facts: Readonly<Record<string, number>>;
}

/** `run`: a script, run by bash, else sh, in the workspace. */
export interface RunRequest {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The port of the listener that refuses every connection; null if the sandbox has a network. */
  readonly refusingPort: number | null;
}

/** `refused`: what a program asked for although there is no network. */
export interface RefusedAttempt {
  readonly method: "http" | "connect";
  readonly host: string;
  /** 0 if unknown. */
  readonly port: number;
}

export const refusedHostLengthMax = 260;

/** `ended`: how a script ended; one of the two is set. */
export interface RunEnded {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * `call`: one thing to do for an agent. Calls run at the same time, but the shell's run in order.
 */
export type CallRequest = { readonly id: number } & CallDo;

export type CallDo =
  | {
      /** Runs in a shell that lives on, with its folder, variables and background processes. */
      readonly do: "shell";
      readonly command: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly refusingPort: number | null;
      readonly timeoutMs: number;
      readonly outputBytesMax: number;
    }
  | {
      /** Runs a program of its own, without a shell; output past the limit ends it. */
      readonly do: "exec";
      readonly program: string;
      readonly arguments: readonly string[];
      readonly timeoutMs: number;
      readonly outputBytesMax: number;
    }
  | {
      /** Runs a program whose input the supervisor writes, until it ends that input. */
      readonly do: "serve";
      readonly program: string;
      readonly arguments: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly refusingPort: number | null;
      readonly outputBytesMax: number;
    }
  /** Sends a file's first bytes, or a folder's first names, a line each. */
  | { readonly do: "read"; readonly path: string; readonly bytesMax: number }
  /** Replaces a file's bytes and keeps its mode, or makes the file and its folders. */
  | {
      readonly do: "write";
      readonly path: string;
      readonly base64: string;
      /** Whether to refuse if the file exists. */
      readonly isNew: boolean;
    };

export const callEnds = ["done", "failed", "timed_out", "output_limit", "shell_ended"] as const;

/** `call-ended`: comes after all of the call's output. */
export interface CallEnded {
  readonly id: number;
  readonly end: (typeof callEnds)[number];
  /** The exit code as a shell reports it; null if there is none. */
  readonly status: number | null;
  /** The shell's folder after the call. */
  readonly folder: string | null;
  readonly what: "file" | "folder" | null;
  readonly sizeBytes: number | null;
  /** The system's code of an error. */
  readonly code: string | null;
}

export const toInitBytesMax = 64 * 1024 * 1024;
export const fromInitBytesMax = 256 * 1024;

/** Each of these must be reported as denied, or nothing is run. */
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
