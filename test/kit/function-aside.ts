/** One more process of a function, on the run's own database, with limits of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../local/functions/free-ports.ts";
import { readManifest } from "../../local/functions/manifest.ts";
import { cloud, until } from "./cloud.ts";

export interface FunctionAside {
  /** Past the edge, for `send`. */
  readonly baseUrl: string;
  /** What of the machine's memory it holds now. */
  residentMib(): Promise<number>;
  stop(): Promise<void>;
}

/** @param limits as the deployment's limits file has them. */
export async function startAside(name: string, limits: object): Promise<FunctionAside> {
  const folder = await mkdtemp(join(tmpdir(), "paddock-aside-"));
  const limitsFile = join(folder, "limits.json");
  await writeFile(limitsFile, JSON.stringify(limits));
  const [port = 0] = await freePorts(1);
  const listed = readManifest("dist").functions[name];
  if (!listed) throw new Error(`There is no function ${name}.`);
  const child = spawn(process.execPath, [join("dist", listed.bundle)], {
    env: {
      ...cloud().environment,
      PORT: String(port),
      PADDOCK_BIND: "127.0.0.1",
      PADDOCK_LIMITS_FILE: limitsFile,
      FUNCTION_TARGET: name,
      NODE_OPTIONS: listed.nodeOptions,
    },
    stdio: "ignore",
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  await until(`${name} to listen`, () => fetch(baseUrl).catch(() => null));
  return {
    baseUrl,
    async residentMib() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) / 1_024;
    },
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
