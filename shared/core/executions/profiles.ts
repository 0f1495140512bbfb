/** The size of a container for each profile, and the part of it that the sandbox may use. */
import { type Profile, profiles } from "../../protocol/job.ts";
import type { Limits } from "../../protocol/runner.ts";

const mib = 1_048_576;

export interface Resources {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const power: Resources = { cpuMillis: 4_000, memoryBytes: 8_192 * mib };

/** `power` and `desktop` run in the same job (`jobName`), so they have one size. */
export const profileResources: Readonly<Record<Profile, Resources>> = {
  lite: { cpuMillis: 1_000, memoryBytes: 2_048 * mib },
  standard: { cpuMillis: 2_000, memoryBytes: 4_096 * mib },
  power,
  desktop: power,
};

/** The part of the container's memory that the supervisor keeps for itself. */
const supervisorBytes = 256 * mib;

export function executionLimits(profile: Profile, wallClockMs: number): Limits {
  const { cpuMillis, memoryBytes } = profileResources[profile];
  const sandboxBytes = memoryBytes - supervisorBytes;
  return {
    wallClockMs,
    cpuMillis,
    memoryBytes: sandboxBytes,
    processesMax: 256,
    openFilesMax: 4_096,
    fileBytesMax: Math.floor(sandboxBytes / 2),
    // The workspace and /tmp live in memory and count against the sandbox's share.
    workspaceBytes: Math.floor(sandboxBytes / 2),
    workspaceInodesMax: 100_000,
    tmpBytes: Math.floor(sandboxBytes / 8),
    streamBytesMax: 8 * mib,
  };
}

/** The largest file that any execution can write; a runner that reports a larger one is wrong. */
export const largestFileBytes = Math.max(
  ...profiles.map((profile) => executionLimits(profile, 1).fileBytesMax),
);

/** The limits of a workspace, measured where it is restored. */
export interface WorkspaceRoom {
  /** Bytes of memory: files take whole pages, holes take none. */
  readonly restoreBytes: number;
  /** Files, links and folders. */
  readonly inodes: number;
}

export function workspaceRoom(
  limits: Pick<Limits, "workspaceBytes" | "workspaceInodesMax">,
): WorkspaceRoom {
  // One inode is the workspace's own folder.
  return { restoreBytes: limits.workspaceBytes, inodes: limits.workspaceInodesMax - 1 };
}
