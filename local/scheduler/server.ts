import { join } from "node:path";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as z from "zod";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";
import {
  alreadyExists,
  failedPrecondition,
  invalid,
  loadService,
  notFound,
  startGrpcServer,
  unary,
} from "../lib/grpc.ts";
import { pageOf } from "../lib/protobuf.ts";
import { Queue } from "../lib/queue.ts";
import type { AttemptOptions, AttemptOutcome } from "./attempt.ts";
import { attemptDeadlineMsDefault, JobDefinition, retryDefault } from "./job.ts";
import { describeJob, JobMessage, readJob } from "./messages.ts";
import { JobRunner } from "./runner.ts";

const jobsMax = 1_000;
const pageSizeMax = 500;

/** The local cloud's own job: the service's fields, with an interval as a schedule. */
export type OwnJob = Pick<JobDefinition, "name" | "schedule" | "target"> & Partial<JobDefinition>;

export interface SchedulerOptions {
  /** Holds `scheduler.json`: the jobs that clients created. */
  readonly dataFolder: string;
  /** The identity server's function that signs the requests' tokens. */
  readonly issue: AttemptOptions["issue"];
  /** Jobs that tick from the start; they are passed in each time and not stored. */
  readonly jobs?: readonly OwnJob[] | undefined;
  readonly port?: number | undefined;
}

export interface Scheduler {
  readonly port: number;
  /** Runs a job now and waits for the result, including retries. */
  runNow(name: string): Promise<AttemptOutcome>;
  /** Stops ticking; a request under way is dropped. */
  close(): Promise<void>;
}

/** Starts Cloud Scheduler on loopback. */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const jobs = new Jobs(join(options.dataFolder, "scheduler.json"), options.issue);
  await jobs.load();
  for (const job of options.jobs ?? []) jobs.addOwn(job);
  const service = loadService(
    "@google-cloud/scheduler",
    "google.cloud.scheduler.v1.CloudScheduler",
  );
  const server = await startGrpcServer(service, schedulerService(jobs), options.port);
  return {
    port: server.port,
    runNow: (name) => jobs.find(name).run(),
    async close() {
      await server.close();
      await jobs.close();
    },
  };
}

class Jobs {
  readonly #path: string;
  readonly #issue: AttemptOptions["issue"];
  readonly #runners = new Map<string, JobRunner>();
  readonly #own = new Set<string>();
  readonly #saves = new Queue();

  constructor(path: string, issue: AttemptOptions["issue"]) {
    this.#path = path;
    this.#issue = issue;
  }

  async load(): Promise<void> {
    const kept = await readJsonFile(this.#path, z.array(JobDefinition));
    for (const job of kept ?? []) this.add(job);
  }

  async save(): Promise<void> {
    await this.#saves.run(() => {
      const kept = this.all().filter(({ definition }) => !this.#own.has(definition.name));
      const content = JSON.stringify(kept.map(({ definition }) => definition));
      return writeFileAtomically(this.#path, content);
    });
  }

  all(): JobRunner[] {
    return [...this.#runners.values()];
  }

  add(job: JobDefinition): JobRunner {
    if (this.#runners.has(job.name)) throw alreadyExists(`Job ${job.name} already exists.`);
    if (this.#runners.size >= jobsMax) throw failedPrecondition(`At most ${jobsMax} jobs.`);
    const runner = new JobRunner(job, this.#issue);
    this.#runners.set(job.name, runner);
    return runner;
  }

  addOwn(job: OwnJob): void {
    const defaults = {
      description: "",
      retry: retryDefault,
      attemptDeadlineMs: attemptDeadlineMsDefault,
      paused: false,
    };
    this.#own.add(job.name);
    this.add(JobDefinition.parse({ ...defaults, ...job }));
  }

  /** @throws {RpcError} NOT_FOUND. */
  find(name: string): JobRunner {
    const runner = this.#runners.get(name);
    if (!runner) throw notFound(`Job ${name} not found.`);
    return runner;
  }

  async remove(name: string): Promise<void> {
    const runner = this.find(name);
    this.#runners.delete(name);
    await runner.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((runner) => runner.close()));
  }
}

const NameRequest = z.object({ name: z.string() });
const CreateRequest = z.object({ parent: z.string(), job: JobMessage });
const ListRequest = z.object({
  parent: z.string(),
  pageSize: z.int().min(0).default(0),
  pageToken: z.string().default(""),
});
const namePattern = /^projects\/[^/]+\/locations\/[^/]+\/jobs\/[a-zA-Z0-9_-]{1,500}$/;

function schedulerService(jobs: Jobs): UntypedServiceImplementation {
  const setPaused = async (name: string, paused: boolean) => {
    const runner = jobs.find(name);
    runner.setPaused(paused);
    await jobs.save();
    return describeJob(runner);
  };
  return {
    CreateJob: unary(CreateRequest, async ({ parent, job }) => {
      if (!job.name.startsWith(`${parent}/jobs/`) || !namePattern.test(job.name)) {
        throw invalid("The job's name isn't one under its parent.");
      }
      const runner = jobs.add(readJob(job));
      await jobs.save();
      return describeJob(runner);
    }),
    GetJob: unary(NameRequest, ({ name }) => describeJob(jobs.find(name))),
    ListJobs: unary(ListRequest, ({ parent, pageSize, pageToken }) => {
      const all = jobs.all().filter(({ definition }) => definition.name.startsWith(`${parent}/`));
      const page = pageOf(all, { token: pageToken, size: pageSize, sizeMax: pageSizeMax });
      if (page === null) throw invalid("The page token is not valid.");
      return { jobs: page.items.map(describeJob), nextPageToken: page.nextPageToken };
    }),
    DeleteJob: unary(NameRequest, async ({ name }) => {
      await jobs.remove(name);
      await jobs.save();
      return {};
    }),
    PauseJob: unary(NameRequest, ({ name }) => setPaused(name, true)),
    ResumeJob: unary(NameRequest, ({ name }) => setPaused(name, false)),
    RunJob: unary(NameRequest, ({ name }) => {
      const runner = jobs.find(name);
      if (runner.isRunning) throw failedPrecondition(`Job ${name} is running.`);
      // The service answers before the attempt has ended.
      void runner.run();
      return describeJob(runner);
    }),
  };
}
