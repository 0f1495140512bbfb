/** How large an execution's container is, and how much of it one execution's commands may use. */
import type { Profile } from "../protocol/job.ts";
import type { Limits } from "../protocol/runner.ts";

const mib = 1_048_576;

export interface Resources {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export const profileResources: Readonly<Record<Profile, Resources>> = {
  lite: { cpuMillis: 1_000, memoryBytes: 2_048 * mib },
  standard: { cpuMillis: 2_000, memoryBytes: 4_096 * mib },
  power: { cpuMillis: 4_000, memoryBytes: 8_192 * mib },
  desktop: { cpuMillis: 4_000, memoryBytes: 8_192 * mib },
};

/** What the supervisor keeps of the container's memory for itself. */
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
    // Workspace and /tmp live in memory, and count against it.
    workspaceBytes: Math.floor(sandboxBytes / 2),
    workspaceInodesMax: 100_000,
    tmpBytes: Math.floor(sandboxBytes / 8),
    streamBytesMax: 8 * mib,
  };
}
