import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import {
  jobEnvironment,
  jobName,
  networkModes,
  type Profile,
  profiles,
} from "#shared/protocol/job";
import type { JobDefinition } from "../run/execution.ts";

const gib = 2 ** 30;
const sizes: Readonly<Record<Profile, { readonly cpus: number; readonly memoryGib: number }>> = {
  lite: { cpus: 1, memoryGib: 2 },
  standard: { cpus: 2, memoryGib: 4 },
  power: { cpus: 4, memoryGib: 8 },
  desktop: { cpus: 4, memoryGib: 8 },
};
/** The longest execution; the runner enforces the execution's own limit before it. */
const timeoutMs = 3_600_000 + 60_000;

export interface RunnerJobsOptions {
  readonly distFolder: string;
  readonly gatewayUrl: string;
  readonly gatewayAudience: string;
  readonly account: string;
}

/** One job per size and network class; none is larger than this machine. */
export function runnerJobs(options: RunnerJobsOptions): JobDefinition[] {
  return profiles.flatMap((profile) =>
    networkModes.map((network) => ({
      id: jobName(profile, network),
      image: "local/runner",
      command: [process.execPath, join(options.distFolder, "runner/launcher.cjs")],
      args: [],
      environment: {
        [jobEnvironment.gatewayUrl]: options.gatewayUrl,
        [jobEnvironment.gatewayAudience]: options.gatewayAudience,
      },
      cpuMillis: Math.min(sizes[profile].cpus, availableParallelism()) * 1_000,
      memoryBytes: Math.min(sizes[profile].memoryGib * gib, totalmem()),
      timeoutMs,
      serviceAccount: options.account,
    })),
  );
}
