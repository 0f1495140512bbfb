/** `dist/runner.json`: the runner's jobs for Terraform, from the sizes and modes in the code. */
import { profileResources } from "#shared/core/executions/profiles";
import {
  jobEnvironment,
  jobName,
  jobSizes,
  type NetworkMode,
  networkModes,
  type Profile,
} from "#shared/protocol/job";

const mib = 1_048_576;

export interface ListedJob {
  readonly profile: Profile;
  readonly network: NetworkMode;
  readonly cpuMillis: number;
  readonly memoryMib: number;
}

export interface RunnerList {
  /** One job per size and network mode, because starting a job can't override either. */
  readonly jobs: Readonly<Record<string, ListedJob>>;
  /** Names of the variables that a deployment sets on every job. */
  readonly environment: Readonly<Record<"gatewayAudience" | "gatewayUrl" | "ownProject", string>>;
}

export function listRunner(): RunnerList {
  const jobs = jobSizes.flatMap((profile) =>
    networkModes.map((network): [string, ListedJob] => {
      const { cpuMillis, memoryBytes } = profileResources[profile];
      const listed = { profile, network, cpuMillis, memoryMib: memoryBytes / mib };
      return [jobName(profile, network), listed];
    }),
  );
  const { gatewayUrl, gatewayAudience, ownProject } = jobEnvironment;
  return {
    jobs: Object.fromEntries(jobs),
    environment: { gatewayUrl, gatewayAudience, ownProject },
  };
}
