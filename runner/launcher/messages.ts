/** What supervisor and launcher say to each other: JSON lines, one answer to each request. */
import type { SandboxMode } from "#shared/protocol/sandbox-mode";

/** What the launcher enforces; the rest of an execution's limits is the supervisor's. */
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

/** Makes the sandbox's door and sends it over the supervisor's channel: see `doorway.ts`. */
export type LauncherRequest = HostRequest | { readonly do: "open-door" };

export type HostRequest =
  /** Makes the cgroup and the sized file systems; the workspace is the supervisor's to fill. */
  | { readonly do: "prepare"; readonly limits: SandboxLimits }
  /** Gives the workspace to the sandbox and starts it, connected to the supervisor's socket. */
  | { readonly do: "start" }
  /** Kills the sandbox and everything in it, and gives the workspace back. */
  | { readonly do: "stop" };

/** Said once, unasked, at the beginning. */
export interface Hello {
  readonly mode: SandboxMode;
  /** Why no sandbox can be started here, if so. */
  readonly unavailable: string | null;
}

export interface Prepared {
  readonly workspace: string;
  readonly tmp: string;
  /** Where the supervisor listens for the init; nobody else can enter the folder. */
  readonly socket: string;
  /** The supervisor's to fill before the start; inside it can only be read. */
  readonly trust: string;
  readonly sandboxUid: number;
}

/** What the kernel says of the sandbox's own group, read back after its start. */
export interface Started {
  readonly memoryBytes: number;
  readonly processesMax: number;
  /** Inside Cloud Run the job's own limits may stand in for the group. */
  readonly limitedBy: "cgroup" | "job";
  /** Kinds of namespace that the sandbox has in common with the host, and mustn't. */
  readonly sharedNamespaces: readonly string[];
}

export interface Stopped {
  /** Processes the kernel killed because memory ran out. */
  readonly memoryKills: number;
  /** Times it refused a process because there were too many. */
  readonly processRefusals: number;
  /** What bubblewrap and process 1 said last; a stranger's text. */
  readonly diagnostics: string;
}

export type LauncherReply<T> = { readonly ok: T } | { readonly failed: string };
