import { randomBytes, randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { RpcError } from "../lib/grpc.ts";
import type { ContainerEnd } from "./container.ts";
import type { Containers, Running } from "./container-host.ts";
import {
  cancelling,
  completed,
  isCompleted,
  type JobDefinition,
  type JobExecution,
  started,
} from "./execution.ts";
import type { ExecutionStore } from "./execution-store.ts";

export interface DispatchLimits {
  /** The service's quota is 180. */
  readonly runCallsPerMinuteMax: number;
  /** The service's quota is 1,000 per project and region; a laptop has less room. */
  readonly runningExecutionsMax: number;
}

/** Starts, stops and tracks executions. */
export class Dispatch {
  readonly #store: ExecutionStore;
  readonly #containers: Containers;
  readonly #limits: DispatchLimits;
  readonly #running = new Map<string, { stop(): void; ended: Promise<void> }>();
  #callsMs: number[] = [];
  readonly #closing = new AbortController();

  constructor(store: ExecutionStore, containers: Containers, limits: DispatchLimits) {
    this.#store = store;
    this.#containers = containers;
    this.#limits = limits;
  }

  /** @throws {RpcError} RESOURCE_EXHAUSTED, as the service answers over its quotas. */
  admit(runningMax: number | null = null): void {
    if (this.#closing.signal.aborted)
      throw new RpcError(status.UNAVAILABLE, "The local cloud is stopping.");
    const nowMs = Date.now();
    this.#callsMs = this.#callsMs.filter((callMs) => callMs > nowMs - 60_000);
    if (this.#callsMs.length >= this.#limits.runCallsPerMinuteMax) {
      throw exhausted("Quota exceeded for quota metric 'Run job requests' per minute.");
    }
    if (this.#store.activeCount() >= (runningMax ?? this.#limits.runningExecutionsMax)) {
      throw exhausted("Quota exceeded for running executions.");
    }
    this.#callsMs.push(nowMs);
  }

  /** Returns at once with a name; the container starts meanwhile, or dies by an ordered fault. */
  start(jobName: string, template: JobDefinition, dies = false): JobExecution {
    const execution = this.preview(jobName, template);
    this.#store.put(execution);
    const executionId = execution.name.slice(execution.name.lastIndexOf("/") + 1);
    const container = dies ? killedAtOnce : this.#containers.run(executionId, template);
    this.#change(execution.name, (current) => started(current, Date.now()));
    const ended = container.ended.then((end) => {
      this.#running.delete(execution.name);
      this.#change(execution.name, (current) => completed(current, endOf(end), Date.now()));
    });
    this.#running.set(execution.name, { stop: container.stop, ended });
    return this.#store.get(execution.name) ?? execution;
  }

  /** What `start` would create; nothing is stored. */
  preview(jobName: string, template: JobDefinition): JobExecution {
    const nowMs = Date.now();
    return {
      name: `${jobName}/executions/${template.id}-${randomBytes(4).toString("hex").slice(0, 5)}`,
      uid: randomUUID(),
      sequence: this.#store.nextSequence(),
      template,
      createdAtMs: nowMs,
      startedAtMs: null,
      updatedAtMs: nowMs,
      completedAtMs: null,
      state: "pending",
      end: null,
    };
  }

  /** @throws {RpcError} FAILED_PRECONDITION if it has completed. */
  cancel(execution: JobExecution): JobExecution {
    if (isCompleted(execution)) {
      throw new RpcError(status.FAILED_PRECONDITION, "The execution has already completed.");
    }
    this.#change(execution.name, (current) => cancelling(current, Date.now()));
    this.#running.get(execution.name)?.stop();
    return this.#store.get(execution.name) ?? execution;
  }

  /** Stops it if it runs, and forgets it. */
  async remove(execution: JobExecution): Promise<void> {
    if (!isCompleted(execution)) this.cancel(execution);
    await this.ended(execution);
    const last = this.#store.get(execution.name);
    if (last) this.#store.remove(last);
  }

  /** Resolves when it has completed, or at once if it has already. */
  async ended(execution: JobExecution): Promise<void> {
    await this.#running.get(execution.name)?.ended;
  }

  /** Stops everything in order, within the containers' grace period, as when a region goes down. */
  async close(): Promise<void> {
    this.#closing.abort();
    const running = [...this.#running.values()];
    for (const container of running) container.stop();
    await Promise.all(running.map((container) => container.ended));
  }

  #change(name: string, next: (current: JobExecution) => JobExecution): void {
    const current = this.#store.get(name);
    if (current) this.#store.put(next(current));
  }
}

const killedAtOnce: Running = {
  stop: () => undefined,
  ended: Promise.resolve({ exitCode: 0, termSignal: 9, timedOut: false }),
};

function endOf({ exitCode, termSignal, timedOut }: ContainerEnd) {
  const failed = exitCode !== 0 || termSignal !== 0;
  const message = timedOut
    ? "The configured timeout was reached."
    : failed
      ? "The container exited with an error."
      : "";
  return { exitCode, termSignal, message };
}

function exhausted(message: string): RpcError {
  return new RpcError(status.RESOURCE_EXHAUSTED, message);
}
