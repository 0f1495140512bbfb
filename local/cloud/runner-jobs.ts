import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { profileResources } from "#shared/core/executions/profiles";
import { jobEnvironment, jobName, jobSizes, networkModes } from "#shared/protocol/job";
import type { JobDefinition } from "../run/execution.ts";

/** The longest execution; the runner enforces the execution's own limit before it. */
const timeoutMs = 3_600_000 + 60_000;

export interface RunnerJobsOptions {
  readonly distFolder: string;
  readonly gatewayUrl: string;
  readonly modelGatewayUrl: string;
  readonly gatewayAudience: string;
  readonly account: string;
}

/** One job per size and network class; none is larger than this machine. */
export function runnerJobs(options: RunnerJobsOptions): JobDefinition[] {
  return jobSizes.flatMap((profile) =>
    networkModes.map((network) => ({
      id: jobName(profile, network),
      image: "local/runner",
      command: [process.execPath, join(options.distFolder, "runner/launcher.cjs")],
      args: [],
      environment: {
        [jobEnvironment.gatewayUrl]: options.gatewayUrl,
        [jobEnvironment.modelGatewayUrl]: options.modelGatewayUrl,
        [jobEnvironment.gatewayAudience]: options.gatewayAudience,
      },
      cpuMillis: Math.min(profileResources[profile].cpuMillis, availableParallelism() * 1_000),
      memoryBytes: Math.min(profileResources[profile].memoryBytes, totalmem()),
      timeoutMs,
      serviceAccount: options.account,
    })),
  );
}
