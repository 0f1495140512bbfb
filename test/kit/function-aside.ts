/**
 * More processes of a function, on the run's own database, with limits and a clock of their own.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CountingProxy, startCountingProxy } from "../../local/firestore/counting-proxy.ts";
import { freePorts } from "../../local/functions/free-ports.ts";
import { FunctionProcess } from "../../local/functions/function-process.ts";
import { processSettings, readManifest } from "../../local/functions/manifest.ts";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import { cloud, until } from "./cloud.ts";
import type { ShiftedClock } from "./shifted-clock.ts";
import { wideLimits } from "./wide-limits.ts";

export interface FunctionAside {
  /** The function's own URL, for `send`. */
  readonly baseUrl: string;
  /** Its proxy to Firestore, which counts and where faults are ordered. */
  readonly proxy: CountingProxy;
  /** Sends SIGKILL; it restarts by itself, on the same port. */
  kill(): Promise<void>;
  /** Resolves once it listens, again if it was killed: a call before that reaches nobody. */
  untilUp(): Promise<void>;
  /** Sends SIGSTOP: it keeps its connections and sends nothing. */
  pause(): void;
  resume(): void;
  /** How much it has read so far from anywhere: files, Firestore, clients. */
  readBytes(): Promise<number>;
  /** How much of the machine's memory it holds now. */
  residentMib(): Promise<number>;
  stop(): Promise<void>;
}

export interface AsideOptions {
  /** Limits in the form of the deployment's file. Defaults to the run's own. */
  readonly limits?: object;
  /** Replaces the machine's clock. */
  readonly clock?: ShiftedClock;
  /** The function's code, if it isn't the one that was built for the run. */
  readonly bundle?: string;
  /** Settings that differ from the run's own. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startAside(name: string, limits: object): Promise<FunctionAside> {
  return await startOne(name, { limits });
}

/** Starts several processes of one function, as the platform does under load. */
export async function startAsides(
  name: string,
  count: number,
  options: AsideOptions = {},
): Promise<readonly FunctionAside[]> {
  return await Promise.all(Array.from({ length: count }, () => startOne(name, options)));
}

async function startOne(name: string, options: AsideOptions): Promise<FunctionAside> {
  const listed = readManifest("dist").functions[name];
  if (!listed) throw new Error(`There is no function ${name}.`);
  const folder = temporaryFolder("paddock-aside-");
  const [port = 0] = await freePorts(1);
  const { environment } = cloud();
  const { FIRESTORE_EMULATOR_HOST: emulatorHost = "" } = environment;
  const proxy = await startCountingProxy({ emulatorHost });
  const own = new FunctionProcess({
    name,
    port,
    bundle: options.bundle ?? join("dist", listed.bundle),
    environment: {
      ...environment,
      ...(await limitsSetting(folder, options.limits)),
      ...processSettings(listed),
      ...options.clock?.settings(listed.nodeOptions),
      FIRESTORE_EMULATOR_HOST: `127.0.0.1:${proxy.port}`,
      PORT: String(port),
      PADDOCK_BIND: "127.0.0.1",
      FUNCTION_TARGET: name,
      ...options.settings,
    },
    logFile: join(folder, "log.jsonl"),
    onNotice: () => undefined,
  });
  const stop = async () => {
    own.resume();
    await own.stop();
    await proxy.close();
  };
  await own.start().catch(async (failure) => {
    await stop();
    throw failure;
  });
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    proxy,
    async kill() {
      await own.kill();
      // Otherwise a release could carry out what the dead process had sent.
      await proxy.faults.untilNoneHeld();
    },
    async untilUp() {
      await until("the process to listen", async () => own.isUp);
    },
    pause: () => own.pause(),
    resume: () => own.resume(),
    async readBytes() {
      const io = await readFile(`/proc/${own.pid}/io`, "utf8");
      return Number(/^rchar: ([0-9]+)$/m.exec(io)?.[1]);
    },
    async residentMib() {
      const status = await readFile(`/proc/${own.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) / 1_024;
    },
    stop,
  };
}

async function limitsSetting(folder: string, limits: object | undefined) {
  if (limits === undefined) return {};
  const file = join(folder, "limits.json");
  await writeFile(file, JSON.stringify({ ...wideLimits, ...limits }));
  return { PADDOCK_LIMITS_FILE: file };
}
