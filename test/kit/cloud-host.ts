/** Starts, kills and restarts a local cloud in its own process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";

const Started = z.object({
  baseUrl: z.string(),
  controlUrl: z.string(),
  environment: z.record(z.string(), z.string()),
});
export type Started = z.infer<typeof Started>;

export interface CloudHostOptions {
  readonly dataFolder: string;
  readonly distFolder?: string;
  readonly port: number;
  readonly limits: object;
  readonly sweepEveryMs: number;
  /** Start only these functions. */
  readonly functions?: readonly string[];
  readonly models: object;
  readonly providerKeys: Readonly<Record<string, string>>;
  /** The emulator's `host:port`; like Google's Firestore, it outlives the cloud. */
  readonly firestoreHost: string;
}

const program = join(import.meta.dirname, "cloud-process.ts");

export class CloudHost {
  readonly #options: CloudHostOptions;
  #child: ChildProcess | undefined;

  constructor(options: CloudHostOptions) {
    this.#options = options;
  }

  /** @throws if it ends before it is ready; its output is on stderr. */
  async start(): Promise<Started> {
    const { firestoreHost, ...options } = this.#options;
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, FIRESTORE_EMULATOR_HOST: firestoreHost },
    });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("{")) return Started.parse(JSON.parse(line));
    }
    throw new Error("The local cloud ended before it was ready.");
  }

  /** Sends SIGKILL: every function, runner and service of it is gone at once. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}
