import * as z from "zod";
import { invalid, notOffered } from "../lib/grpc.ts";
import { JobDefinition } from "./execution.ts";
import { parseCpuMillis, parseMemoryBytes } from "./quantities.ts";

/** The service's limit for a value is 32 KiB. */
const EnvVar = z.object({
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/),
  value: z.string().max(32_768).default(""),
  valueSource: z.unknown().optional(),
});
const EnvVars = z.array(EnvVar).max(1_000).default([]);
const Duration = z.object({ seconds: z.number().default(0), nanos: z.number().default(0) });

/** The parts of `google.cloud.run.v2.Job` that are used; CONFORMANCE.md lists the rest. */
export const JobMessage = z.object({
  template: z.object({
    taskCount: z.number().default(1),
    parallelism: z.number().default(0),
    template: z.object({
      containers: z.array(
        z.object({
          image: z.string(),
          command: z.array(z.string()).default([]),
          args: z.array(z.string()).default([]),
          env: EnvVars,
          resources: z
            .object({ limits: z.record(z.string(), z.string()).default({}) })
            .prefault({}),
          volumeMounts: z.array(z.unknown()).default([]),
        }),
      ),
      volumes: z.array(z.unknown()).default([]),
      maxRetries: z.number().optional(),
      timeout: Duration.default({ seconds: 600, nanos: 0 }),
      serviceAccount: z.string().default(""),
    }),
  }),
});

export const Overrides = z.object({
  containerOverrides: z
    .array(
      z.object({
        name: z.string().default(""),
        args: z.array(z.string()).max(1_000).default([]),
        env: EnvVars,
        clearArgs: z.boolean().default(false),
      }),
    )
    .default([]),
  taskCount: z.number().default(1),
  timeout: Duration.optional(),
});

const longestTaskMs = 168 * 3_600_000;

/** @throws {RpcError} if the job is malformed, or needs what isn't offered locally. */
export function jobFromMessage(id: string, message: z.output<typeof JobMessage>): JobDefinition {
  const { template, taskCount, parallelism } = message.template;
  const [container, ...more] = template.containers;
  if (!container) throw invalid("template.template.containers: a job needs a container.");
  if (more.length > 0) throw notOffered("A job of several containers");
  if (taskCount !== 1 || parallelism > 1) throw notOffered("A job of several tasks");
  if (template.maxRetries !== 0) throw notOffered("A job with retries (max_retries must be 0)");
  if (template.volumes.length + container.volumeMounts.length > 0) throw notOffered("A volume");
  if (container.command.length === 0) throw notOffered("An image's own command");
  const { cpu = "1", memory = "512Mi" } = container.resources.limits;
  const cpuMillis = parseCpuMillis(cpu);
  const memoryBytes = parseMemoryBytes(memory);
  if (cpuMillis === null) throw invalid(`resources.limits.cpu: ${cpu} is no CPU limit.`);
  if (memoryBytes === null) throw invalid(`resources.limits.memory: ${memory} is no size.`);
  const job = JobDefinition.safeParse({
    id,
    image: container.image,
    command: container.command,
    args: container.args,
    environment: environmentOf(container.env),
    cpuMillis,
    memoryBytes,
    timeoutMs: durationMs(template.timeout),
    serviceAccount: template.serviceAccount,
  });
  if (!job.success) throw invalid(z.prettifyError(job.error));
  return job.data;
}

/** The job as one execution runs it: env is merged, args and the timeout are replaced. */
export function applyOverrides(
  job: JobDefinition,
  overrides: z.output<typeof Overrides>,
): JobDefinition {
  if (overrides.taskCount !== 1) throw notOffered("An execution of several tasks");
  if (overrides.containerOverrides.length > 1) throw invalid("The job has one container.");
  const container = overrides.containerOverrides[0];
  const timeoutMs = overrides.timeout ? durationMs(overrides.timeout) : job.timeoutMs;
  if (!container) return { ...job, timeoutMs };
  if (container.clearArgs && container.args.length > 0) {
    throw invalid("container_overrides: args and clear_args exclude each other.");
  }
  const keepsArgs = container.args.length === 0 && !container.clearArgs;
  return {
    ...job,
    timeoutMs,
    args: keepsArgs ? job.args : container.args,
    environment: { ...job.environment, ...environmentOf(container.env) },
  };
}

function environmentOf(list: z.output<typeof EnvVars>): Record<string, string> {
  if (list.some((variable) => variable.valueSource !== undefined)) {
    throw notOffered("A variable from Secret Manager");
  }
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

function durationMs(duration: z.output<typeof Duration>): number {
  const ms = duration.seconds * 1_000 + duration.nanos / 1e6;
  if (!(ms >= 1_000 && ms <= longestTaskMs)) throw invalid("timeout: 1 s to 168 h.");
  return Math.round(ms);
}
