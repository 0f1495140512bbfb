import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completed, isCompleted, JobExecution, jobNameOf } from "./execution.ts";

/** All executions. Completed ones are limited per job; the oldest go first, as in the service. */
export class ExecutionStore {
  readonly #byName = new Map<string, JobExecution>();
  readonly #folder: string;
  readonly #completedMax: number;
  #lastSequence = 0;

  constructor(folder: string, completedMax: number) {
    this.#folder = folder;
    this.#completedMax = completedMax;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#load();
  }

  nextSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  get(name: string): JobExecution | undefined {
    return this.#byName.get(name);
  }

  withUid(uid: string): JobExecution | undefined {
    return [...this.#byName.values()].find((execution) => execution.uid === uid);
  }

  /** Newest first; all jobs if `jobName` is null. */
  list(jobName: string | null): JobExecution[] {
    const all = [...this.#byName.values()];
    const wanted = jobName === null ? all : all.filter((one) => jobNameOf(one) === jobName);
    return wanted.sort((a, b) => b.sequence - a.sequence);
  }

  /** How many occupy the machine. */
  activeCount(): number {
    return [...this.#byName.values()].filter((execution) => !isCompleted(execution)).length;
  }

  put(execution: JobExecution): void {
    this.#byName.set(execution.name, execution);
    const path = this.#path(execution);
    writeFileSync(`${path}.new`, JSON.stringify(execution), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    if (isCompleted(execution)) this.#prune(jobNameOf(execution));
  }

  remove(execution: JobExecution): void {
    this.#byName.delete(execution.name);
    rmSync(this.#path(execution), { force: true });
  }

  #prune(jobName: string): void {
    const done = this.list(jobName).filter(isCompleted);
    for (const execution of done.slice(this.#completedMax)) this.remove(execution);
  }

  /**
   * An execution that was running when the last local cloud died is over; its container died too.
   */
  #load(): void {
    for (const file of readdirSync(this.#folder)) {
      if (!file.endsWith(".json")) continue;
      const text = readFileSync(join(this.#folder, file), "utf8");
      const stored = JobExecution.parse(JSON.parse(text));
      this.#lastSequence = Math.max(this.#lastSequence, stored.sequence);
      this.#byName.set(stored.name, stored);
      const end = { exitCode: 0, termSignal: 9, message: "The instance was lost." };
      if (!isCompleted(stored)) this.put(completed(stored, end, stored.updatedAtMs));
    }
  }

  #path(execution: JobExecution): string {
    return join(this.#folder, `${execution.name.split("/").at(-1)}.json`);
  }
}
