import { join } from "node:path";
import { FunctionProcess } from "./function-process.ts";
import { type FunctionManifest, processSettings } from "./manifest.ts";

export interface FunctionsOptions {
  readonly manifest: FunctionManifest;
  readonly distFolder: string;
  readonly logFolder: string;
  /** The environment of every function; `port` and its own Firestore address are added. */
  readonly environment: Readonly<Record<string, string>>;
  /** What single functions have besides, by their names: whose account they speak for. */
  readonly accounts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Firestore's host:port for one function. */
  readonly firestoreHost: (name: string) => string;
  /** Each function's port, which stays the same after a restart because others know it. */
  readonly ports: Readonly<Record<string, number>>;
  readonly onNotice: (sentence: string) => void;
}

export interface Functions {
  /** The port a function listens on; null while it is down. */
  portOf(name: string): number | null;
  kill(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts every function of the manifest at once, each in its own process. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const all = new Map<string, FunctionProcess>();
  for (const name of Object.keys(options.manifest.functions)) {
    all.set(name, new FunctionProcess(processOptions(options, name)));
  }
  const named = (name: string): FunctionProcess => {
    const found = all.get(name);
    if (!found) throw new Error(`There is no function ${name}.`);
    return found;
  };
  const stop = async () => {
    await Promise.all([...all.values()].map((one) => one.stop()));
  };
  const started = await Promise.allSettled([...all.values()].map((one) => one.start()));
  const failed = started.find((result) => result.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    portOf(name) {
      const found = named(name);
      return found.isUp ? found.port : null;
    },
    kill: async (name) => await named(name).kill(),
    restart: (name) => named(name).restart(),
    stop,
  };
}

function processOptions(options: FunctionsOptions, name: string) {
  const port = options.ports[name];
  const listed = options.manifest.functions[name];
  if (port === undefined || listed === undefined) throw new Error(`${name} has no port or bundle.`);
  return {
    name,
    port,
    bundle: join(options.distFolder, listed.bundle),
    environment: {
      ...options.environment,
      ...options.accounts?.[name],
      PORT: String(port),
      PADDOCK_BIND: "127.0.0.1",
      FUNCTION_TARGET: name,
      ...processSettings(listed),
      FIRESTORE_EMULATOR_HOST: options.firestoreHost(name),
    },
    logFile: join(options.logFolder, `${name}.jsonl`),
    onNotice: options.onNotice,
  };
}
