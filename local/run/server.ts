import { join } from "node:path";
import { Server } from "@grpc/grpc-js";
import { serve } from "../lib/grpc.ts";
import { ContainerHost, type Containers, type MachineOptions } from "./container-host.ts";
import { loadDefinitions } from "./definitions.ts";
import { Dispatch, type DispatchLimits } from "./dispatch.ts";
import type { JobDefinition } from "./execution.ts";
import { ExecutionStore } from "./execution-store.ts";
import { executionsService, tasksService } from "./executions-service.ts";
import { RunFaults } from "./faults.ts";
import { addJob, type Jobs, jobsService } from "./jobs-service.ts";
import { Operations, operationsService } from "./operations-service.ts";

export interface RunLimits extends DispatchLimits {
  /** Completed executions kept per job; the service keeps 1,000. */
  readonly completedKeptMax: number;
  /** The time between SIGTERM and SIGKILL, for cancellation and for the time limit. */
  readonly graceMs: number;
  /** The size of one execution's log file. */
  readonly logBytesMax: number;
}

export const runLimits: RunLimits = {
  runCallsPerMinuteMax: 180,
  runningExecutionsMax: 8,
  completedKeptMax: 1_000,
  graceMs: 10_000,
  logBytesMax: 4 * 1024 * 1024,
};

export interface RunOptions extends Pick<MachineOptions, "cloudId" | "metadataHost" | "onLine"> {
  readonly projectId: string;
  readonly region: string;
  /** Executions and their logs are stored here. */
  readonly dataFolder: string;
  readonly jobs: readonly JobDefinition[];
  readonly limits?: Partial<RunLimits> | undefined;
  /** Replaces this machine's containers; it gets the metadata server's host:port. */
  readonly containers?: ((metadataHost: string) => Containers) | undefined;
  readonly port?: number | undefined;
}

export interface Run {
  readonly port: number;
  readonly faults: RunFaults;
  /** Stops every execution within its grace period, removes what is left of them, and closes. */
  close(): Promise<void>;
}

/** Starts Cloud Run's jobs API on loopback. */
export async function startRun(options: RunOptions): Promise<Run> {
  const limits = { ...runLimits, ...options.limits };
  const parent = `projects/${options.projectId}/locations/${options.region}`;
  const definitions = loadDefinitions();
  const containers =
    options.containers?.(options.metadataHost) ?? (await openMachine(options, limits));
  const store = new ExecutionStore(join(options.dataFolder, "executions"), limits.completedKeptMax);
  const dispatch = new Dispatch(store, containers, limits);
  const operations = new Operations(definitions, parent);
  const faults = new RunFaults();
  const jobs: Jobs = new Map();
  for (const job of options.jobs) addJob(jobs, parent, job);

  const parts = { jobs, store, dispatch, faults, operations };
  const server = new Server();
  const v2 = "google.cloud.run.v2";
  server.addService(definitions.service(`${v2}.Jobs`), jobsService(parts));
  server.addService(definitions.service(`${v2}.Executions`), executionsService(parts));
  server.addService(definitions.service(`${v2}.Tasks`), tasksService(store));
  server.addService(definitions.service("google.longrunning.Operations"), operationsService(parts));
  const served = await serve(server, options.port ?? 0);
  return {
    port: served.port,
    faults,
    async close() {
      await dispatch.close();
      await served.close();
      await containers.close();
    },
  };
}

/** Needs root, for users, cgroups and mounts. */
async function openMachine(options: RunOptions, limits: RunLimits): Promise<ContainerHost> {
  if (process.getuid?.() !== 0) {
    throw new Error("Executions need root, for users, control groups and mounts: use sudo.");
  }
  return await ContainerHost.open({
    ...options,
    ...limits,
    logFolder: join(options.dataFolder, "logs"),
  });
}
