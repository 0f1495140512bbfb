/** Starts and stops Cloud Run jobs: the first adapter of dispatch. */
import type { ExecutionsClient, JobsClient } from "@google-cloud/run";
import { config } from "../config.ts";
import { Fault } from "../core/fault.ts";
import { jobEnvironment, jobName, type NetworkMode, type Profile } from "../protocol/job.ts";
import { localEndpoint } from "./endpoint.ts";

const timeoutMs = 10_000;
/** gRPC's status code. */
const notFound = 5;
const exhausted = 8;

export interface JobStart {
  readonly profile: Profile;
  readonly network: NetworkMode;
  readonly executionId: string;
  readonly ticket: string;
  /** The platform's own limit. It is longer than the runner's, so the runner ends itself first. */
  readonly timeoutMs: number;
}

interface Clients {
  readonly jobs: JobsClient;
  readonly executions: ExecutionsClient;
}
let clients: Promise<Clients> | undefined;

async function connect(): Promise<Clients> {
  const { ExecutionsClient, JobsClient } = (await import("@google-cloud/run")).v2;
  const endpoint = await localEndpoint(config().PADDOCK_RUN_ENDPOINT);
  const options = { projectId: config().GOOGLE_CLOUD_PROJECT, ...endpoint };
  return { jobs: new JobsClient(options), executions: new ExecutionsClient(options) };
}

function run(): Promise<Clients> {
  clients ??= connect();
  return clients;
}

export interface StartedJob {
  /** The resource name of the job's execution. */
  readonly name: string;
  /** The image that it runs; null if the platform didn't say. */
  readonly image: string | null;
}

interface JobAnswer {
  readonly name?: string | null;
  readonly template?: {
    readonly containers?: readonly { readonly image?: string | null }[] | null;
  } | null;
}

/**
 * Starts one execution of a runner job. RunJob isn't idempotent and
 * is never retried here, because a lost answer may mean that a runner started.
 */
export async function startJob(start: JobStart): Promise<StartedJob> {
  const { GOOGLE_CLOUD_PROJECT, PADDOCK_RUNNER_PROJECT, PADDOCK_REGION: region } = config();
  const project = PADDOCK_RUNNER_PROJECT ?? GOOGLE_CLOUD_PROJECT;
  const name = `projects/${project}/locations/${region}/jobs/${jobName(start.profile, start.network)}`;
  const env = [
    { name: jobEnvironment.executionId, value: start.executionId },
    { name: jobEnvironment.ticket, value: start.ticket },
  ];
  const timeout = { seconds: Math.ceil(start.timeoutMs / 1_000) };
  const overrides = { containerOverrides: [{ env }], taskCount: 1, timeout };
  const [operation] = await (await run()).jobs.runJob({ name, overrides }, { timeout: timeoutMs });
  const execution = operation.metadata as JobAnswer | null | undefined;
  if (!execution?.name) throw new Fault("RunJob answered without the execution's name");
  return { name: execution.name, image: execution.template?.containers?.[0]?.image || null };
}

/** Asks the platform to stop a job's execution, whether or not it still runs. */
export async function cancelJob(name: string): Promise<void> {
  await (await run()).executions.cancelExecution({ name }, { timeout: timeoutMs });
}

/** Whether a job's execution has ended; an execution that the platform has forgotten has ended. */
export async function hasJobEnded(name: string): Promise<boolean> {
  try {
    const { executions } = await run();
    const [execution] = await executions.getExecution({ name }, { timeout: timeoutMs });
    return execution.completionTime !== null && execution.completionTime !== undefined;
  } catch (error) {
    if (codeOf(error) === notFound) return true;
    throw error;
  }
}

/** Whether RunJob was refused for lack of room, so that nothing was started. */
export function isOverQuota(error: unknown): boolean {
  return codeOf(error) === exhausted;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
