import { isCompleted, type JobDefinition, type JobExecution, jobNameOf } from "./execution.ts";

/** The wire form of the messages below: proto-loader's plain objects. */
type Message = Record<string, unknown>;

export interface JobRecord {
  readonly name: string;
  readonly uid: string;
  readonly definition: JobDefinition;
  readonly createdAtMs: number;
}

/** `google.cloud.run.v2.Job`. */
export function jobMessage(
  job: JobRecord,
  latest: JobExecution | undefined,
  count: number,
): Message {
  const ready = condition({ type: "Ready", state: "CONDITION_SUCCEEDED", at: job.createdAtMs });
  return {
    name: job.name,
    uid: job.uid,
    generation: 1,
    observedGeneration: 1,
    createTime: timestamp(job.createdAtMs),
    updateTime: timestamp(job.createdAtMs),
    template: { taskCount: 1, parallelism: 0, template: taskTemplate(job.definition) },
    terminalCondition: ready,
    conditions: [ready],
    executionCount: count,
    ...(latest && {
      latestCreatedExecution: {
        name: latest.name,
        createTime: timestamp(latest.createdAtMs),
        completionStatus: completionStatus[latest.state],
      },
    }),
    etag: etag(job.createdAtMs),
  };
}

/** `google.cloud.run.v2.Execution`: counters, times and conditions describe its state. */
export function executionMessage(execution: JobExecution): Message {
  const count = (...states: JobExecution["state"][]) => (states.includes(execution.state) ? 1 : 0);
  return {
    ...commonFields(execution),
    name: execution.name,
    uid: execution.uid,
    launchStage: "GA",
    job: jobNameOf(execution).split("/").at(-1),
    parallelism: 1,
    taskCount: 1,
    template: taskTemplate(execution.template),
    reconciling: !isCompleted(execution),
    runningCount: count("running", "cancelling"),
    succeededCount: count("succeeded"),
    failedCount: count("failed"),
    cancelledCount: count("cancelled"),
  };
}

/** `google.cloud.run.v2.Task`: an execution's only one; only the task has exit code and signal. */
export function taskMessage(execution: JobExecution): Message {
  const { end } = execution;
  return {
    ...commonFields(execution),
    ...taskTemplate(execution.template),
    name: taskNameOf(execution),
    uid: execution.uid,
    job: jobNameOf(execution).split("/").at(-1),
    execution: execution.name.split("/").at(-1),
    index: 0,
    retried: 0,
    ...(end && {
      lastAttemptResult: {
        exitCode: end.exitCode,
        termSignal: end.termSignal,
        status: { code: end.message === "" ? 0 : 2, message: end.message },
      },
    }),
  };
}

export function taskNameOf(execution: JobExecution): string {
  return `${execution.name}/tasks/${execution.name.split("/").at(-1)}-task0`;
}

function commonFields(execution: JobExecution): Message {
  return {
    generation: 1,
    observedGeneration: 1,
    createTime: timestamp(execution.createdAtMs),
    updateTime: timestamp(execution.updatedAtMs),
    ...(execution.startedAtMs !== null && { startTime: timestamp(execution.startedAtMs) }),
    ...(execution.completedAtMs !== null && { completionTime: timestamp(execution.completedAtMs) }),
    conditions: conditionsOf(execution),
    etag: etag(execution.updatedAtMs),
  };
}

/** The service has no "timed out": an execution over its limit failed like any other. */
const completedCondition = {
  pending: { state: "CONDITION_PENDING" },
  running: { state: "CONDITION_RECONCILING" },
  cancelling: { state: "CONDITION_RECONCILING", executionReason: "CANCELLING" },
  succeeded: { state: "CONDITION_SUCCEEDED" },
  failed: { state: "CONDITION_FAILED", executionReason: "NON_ZERO_EXIT_CODE" },
  cancelled: { state: "CONDITION_FAILED", executionReason: "CANCELLED" },
} as const;

const completionStatus = {
  pending: "EXECUTION_PENDING",
  running: "EXECUTION_RUNNING",
  cancelling: "EXECUTION_RUNNING",
  succeeded: "EXECUTION_SUCCEEDED",
  failed: "EXECUTION_FAILED",
  cancelled: "EXECUTION_CANCELLED",
} as const;

function conditionsOf(execution: JobExecution): Message[] {
  const at = execution.updatedAtMs;
  const startedState = execution.startedAtMs === null ? "CONDITION_PENDING" : "CONDITION_SUCCEEDED";
  return [
    condition({
      type: "Completed",
      at,
      message: execution.end?.message ?? "",
      ...completedCondition[execution.state],
    }),
    condition({ type: "Started", state: startedState, at: execution.startedAtMs ?? at }),
  ];
}

interface ConditionFields {
  readonly type: string;
  readonly state: string;
  readonly at: number;
  readonly message?: string;
  readonly executionReason?: string;
}

function condition({ at, ...fields }: ConditionFields): Message {
  return { ...fields, lastTransitionTime: timestamp(at) };
}

function taskTemplate(definition: JobDefinition): Message {
  const env = Object.entries(definition.environment).map(([name, value]) => ({ name, value }));
  const limits = {
    cpu: `${definition.cpuMillis}m`,
    memory: String(definition.memoryBytes),
  };
  const { image, command, args } = definition;
  return {
    containers: [{ name: "main", image, command, args, env, resources: { limits } }],
    maxRetries: 0,
    timeout: {
      seconds: Math.trunc(definition.timeoutMs / 1_000),
      nanos: (definition.timeoutMs % 1_000) * 1e6,
    },
    serviceAccount: definition.serviceAccount,
    executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
  };
}

function timestamp(ms: number): Message {
  return { seconds: Math.trunc(ms / 1_000), nanos: Math.trunc(ms % 1_000) * 1e6 };
}

function etag(ms: number): string {
  return `"${ms.toString(36)}"`;
}
