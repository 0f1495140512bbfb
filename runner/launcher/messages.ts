/** The messages between supervisor and launcher: JSON lines, one answer per request. */
import type { SandboxMode } from "#shared/protocol/sandbox-mode";

/** The limits that the launcher enforces; the supervisor enforces the others. */
export interface SandboxLimits {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly processesMax: number;
  readonly openFilesMax: number;
  readonly fileBytesMax: number;
  readonly workspaceBytes: number;
  readonly workspaceInodesMax: number;
  readonly tmpBytes: number;
}

export const limitNames = [
  "cpuMillis",
  "memoryBytes",
  "processesMax",
  "openFilesMax",
  "fileBytesMax",
  "workspaceBytes",
  "workspaceInodesMax",
  "tmpBytes",
] as const satisfies readonly (keyof SandboxLimits)[];

/**
 * Whether the sandbox has a layer: one that it builds in its workspace, one of that many bytes that
 * the supervisor fills, or none.
 */
export type PreparedLayer =
  | { readonly use: "build" }
  | { readonly use: "mount"; readonly sizeBytes: number }
  | null;

/**
 * Makes the sandbox's listeners and sends them over the supervisor's channel:
 * see `netns-listener.ts`.
 */
export type LauncherRequest =
  | HostRequest
  | { readonly do: "open-listeners"; readonly ports: readonly number[] };

export type HostRequest =
  /** Makes the cgroup and the sized file systems; the supervisor fills the workspace. */
  | { readonly do: "prepare"; readonly limits: SandboxLimits; readonly layer: PreparedLayer }
  /** Gives the workspace to the sandbox and starts it, connected to the supervisor's socket. */
  | { readonly do: "start" }
  /** Kills the sandbox and everything in it, and gives the workspace back. */
  | { readonly do: "stop" };

/** Sent once, unasked, at the beginning. */
export interface Hello {
  readonly mode: SandboxMode;
  /** Why no sandbox can be started here, if so. */
  readonly unavailable: string | null;
}

export interface Prepared {
  readonly workspace: string;
  readonly tmp: string;
  /** The empty folder of a layer to fill; null if there is none. */
  readonly layer: string | null;
  /** The socket where the supervisor listens for the init; other users can't enter the folder. */
  readonly socket: string;
  /** The supervisor fills it before the start; inside it is read-only. */
  readonly trust: string;
  readonly sandboxUid: number;
}

/** The kernel's view of the sandbox's own group, read back after its start. */
export interface Started {
  readonly memoryBytes: number;
  readonly processesMax: number;
  /** In Cloud Run the job's own limits may replace the group. */
  readonly limitedBy: "cgroup" | "job";
  /** Namespaces that the sandbox shares with the host although it mustn't. */
  readonly sharedNamespaces: readonly string[];
}

export interface SandboxStopped {
  /** How many processes the kernel killed because memory ran out. */
  readonly memoryKills: number;
  /** How often the kernel refused a process because there were too many. */
  readonly processRefusals: number;
  /** The last output of bubblewrap and process 1; a stranger's text. */
  readonly diagnostics: string;
}

export type LauncherReply<T> = { readonly ok: T } | { readonly failed: string };
