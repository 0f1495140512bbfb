import { randomUUID } from "node:crypto";
import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import * as z from "zod";
import { invalid, RpcError, unary } from "../lib/grpc.ts";
import type { Dispatch } from "./dispatch.ts";
import { JobDefinition } from "./execution.ts";
import type { ExecutionStore } from "./execution-store.ts";
import type { RunFaults } from "./faults.ts";
import { applyOverrides, JobMessage, jobFromMessage, Overrides } from "./job-message.ts";
import { type JobRecord, jobMessage } from "./messages.ts";
import type { Operations } from "./operations-service.ts";
import { pageFields, pageOf } from "./paging.ts";

/** A project has at most 1,000 jobs in a region. */
const jobsMax = 1_000;

/** The jobs by their full names. */
export type Jobs = Map<string, JobRecord>;

export interface JobsServiceParts {
  readonly jobs: Jobs;
  readonly store: ExecutionStore;
  readonly dispatch: Dispatch;
  readonly faults: RunFaults;
  readonly operations: Operations;
}

/** Adds a job. @throws {RpcError} ALREADY_EXISTS. */
export function addJob(jobs: Jobs, parent: string, definition: JobDefinition): JobRecord {
  const name = `${parent}/jobs/${definition.id}`;
  if (jobs.has(name)) throw new RpcError(status.ALREADY_EXISTS, `${name} already exists.`);
  if (jobs.size >= jobsMax) throw new RpcError(status.RESOURCE_EXHAUSTED, "Too many jobs.");
  const job = { name, uid: randomUUID(), definition, createdAtMs: Date.now() };
  jobs.set(name, job);
  return job;
}

const CreateJob = z.object({
  parent: z.string().regex(/^projects\/[^/]+\/locations\/[^/]+$/),
  jobId: JobDefinition.shape.id,
  job: JobMessage,
  validateOnly: z.boolean().default(false),
});
const RunJob = z.object({
  name: z.string(),
  validateOnly: z.boolean().default(false),
  etag: z.string().default(""),
  overrides: Overrides.prefault({}),
});
const Named = z.object({ name: z.string() });
const ListJobs = z.object({ parent: z.string(), ...pageFields });

/** `google.cloud.run.v2.Jobs`. */
export function jobsService(parts: JobsServiceParts): UntypedServiceImplementation {
  const { jobs, store, dispatch, faults, operations } = parts;
  const messageOf = (job: JobRecord) => {
    const executions = store.list(job.name);
    return jobMessage(job, executions[0], executions.length);
  };
  return {
    CreateJob: unary(CreateJob, ({ parent, jobId, job, validateOnly }) => {
      const definition = jobFromMessage(jobId, job);
      const target: Jobs = validateOnly ? new Map(jobs) : jobs;
      return operations.finishedJob(messageOf(addJob(target, parent, definition)));
    }),
    GetJob: unary(Named, ({ name }) => messageOf(jobNamed(jobs, name))),
    ListJobs: unary(ListJobs, (request) => {
      const all = [...jobs.values()].filter((job) =>
        job.name.startsWith(`${request.parent}/jobs/`),
      );
      const positions = new Map(all.map((job, index) => [job.name, all.length - index]));
      const page = pageOf(all, request, (job) => positions.get(job.name) ?? 0);
      return { jobs: page.items.map(messageOf), nextPageToken: page.nextPageToken };
    }),
    RunJob: unary(RunJob, async ({ name, validateOnly, etag, overrides }) => {
      const job = jobNamed(jobs, name);
      if (etag !== "" && etag !== messageOf(job).etag) throw staleEtag();
      const template = applyOverrides(job.definition, overrides);
      if (validateOnly) return operations.preview(dispatch.preview(name, template));
      const execution = await faults.apply((dies) => {
        dispatch.admit(faults.runningMax);
        return dispatch.start(name, template, dies);
      });
      return operations.running(execution);
    }),
  };
}

function jobNamed(jobs: Jobs, name: string): JobRecord {
  if (!/^projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+$/.test(name)) {
    throw invalid(`name: ${name} is no job's name.`);
  }
  const job = jobs.get(name);
  if (job) return job;
  const id = name.split("/").at(-1);
  throw new RpcError(status.NOT_FOUND, `Resource '${id}' of kind 'JOB' does not exist.`);
}

function staleEtag(): RpcError {
  return new RpcError(status.ABORTED, "etag: the job has changed.");
}
