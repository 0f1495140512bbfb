/** A test's own jobs server, Google's clients for it, and a shell as the container program. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { v2 } from "@google-cloud/run";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import { expect } from "vitest";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { loadDefinitions } from "../../local/run/definitions.ts";
import type { RunOptions } from "../../local/run/server.ts";

export const parent = "projects/p/locations/us-central1";

/**
 * Programs that try hardest to outlive their container: in their own sessions, root's and the
 * sandbox's.
 */
export const daemons = `
  uid=\${PADDOCK_UIDS#*:}
  setsid setpriv --reuid $uid --regid $uid --clear-groups sleep 1000 &
  setsid sh -c 'sleep 1000 & exit' &`;

/** Replaces the runner: the first argument is the script. */
const shellJob = (id: string): RunOptions["jobs"][number] => ({
  id,
  image: "local",
  command: ["/bin/sh", "-c"],
  args: ["exit 0"],
  environment: { FROM_JOB: "job", SHARED: "job" },
  cpuMillis: 1_000,
  memoryBytes: 64 * 1024 * 1024,
  timeoutMs: 60_000,
  serviceAccount: "runner@p.iam.gserviceaccount.com",
});

export const runOptions = (cloudId: string, dataFolder: string): RunOptions => ({
  cloudId,
  dataFolder,
  projectId: "p",
  region: "us-central1",
  metadataHost: "127.0.0.1:1",
  jobs: [shellJob("runner"), shellJob("other")],
  limits: { graceMs: 700, completedKeptMax: 12, logBytesMax: 2_000 },
});

/** An execution that was started. */
export interface Ran {
  readonly name: string;
  readonly id: string;
  finished(): ReturnType<RunKit["execution"]>;
}

/** google.longrunning.Operations, of which the generated clients offer only GetOperation. */
export async function callOperations(
  port: number,
  method: "WaitOperation" | "ListOperations",
  request: object,
): Promise<Record<string, unknown>> {
  const service = loadDefinitions().service("google.longrunning.Operations");
  const Client = makeClientConstructor(service, "Operations");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client[method]?.(request, (refusal: Error | null, reply: object) =>
        refusal ? reject(refusal) : resolve({ ...reply }),
      );
    });
  } finally {
    client.close();
  }
}

/** The clients, and what most tests do with them. */
export class RunKit {
  readonly jobs: v2.JobsClient;
  readonly executions: v2.ExecutionsClient;
  readonly tasks: v2.TasksClient;
  readonly #dataFolder: string;

  constructor(port: number, dataFolder: string) {
    process.env.METADATA_SERVER_DETECTION = "none";
    const sslCreds = credentials.createInsecure();
    const client = { apiEndpoint: "127.0.0.1", port, sslCreds, projectId: "p" };
    this.jobs = new v2.JobsClient(client);
    this.executions = new v2.ExecutionsClient(client);
    this.tasks = new v2.TasksClient(client);
    this.#dataFolder = dataFolder;
  }

  async close(): Promise<void> {
    await Promise.all([this.jobs.close(), this.executions.close(), this.tasks.close()]);
  }

  async start(script: string, overrides: object = {}, job = "runner"): Promise<Ran> {
    const containerOverrides = [{ args: [script], ...overrides }];
    const [operation] = await this.jobs.runJob({
      name: `${parent}/jobs/${job}`,
      overrides: { containerOverrides },
    });
    const name = nameOf(operation.metadata);
    const finished = async () => {
      await operation.promise();
      return this.execution(name);
    };
    return { name, id: name.slice(name.lastIndexOf("/") + 1), finished };
  }

  async execution(name: string) {
    const [found] = await this.executions.getExecution({ name });
    const completed = found.conditions?.find((condition) => condition.type === "Completed");
    return { ...found, completed };
  }

  /** The last attempt of the only task, which is the one place with exit code and signal. */
  async attempt(name: string) {
    const [[task]] = await this.tasks.listTasks({ parent: name });
    return task?.lastAttemptResult;
  }

  log(id: string): string {
    return readFileSync(this.#logPath(id), "utf8");
  }

  /** Waits until the container has printed `text`. */
  async printed(id: string, text: string): Promise<void> {
    const done = () => existsSync(this.#logPath(id)) && this.log(id).includes(text);
    expect(await pollUntil(done, 20_000)).toBe(true);
  }

  #logPath(id: string): string {
    return join(this.#dataFolder, "logs", `${id}.log`);
  }
}

export function nameOf(metadata: unknown): string {
  expect(metadata).toHaveProperty("name");
  return String(Object(metadata).name);
}

/** How a call was refused. */
export async function failure(call: Promise<unknown>): Promise<{ code: number; message: string }> {
  const refusal = await call.then(
    () => ({}),
    (thrown: unknown) => thrown,
  );
  const { code, message } = Object(refusal);
  return { code, message };
}
