/** Runs the command line as its users do: as a process, with a folder of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const command = resolve("cli/paddock");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface More {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Kills the process when it is aborted. */
  readonly killed?: AbortSignal;
  /** Called with all that has been printed so far, and may signal the process. */
  readonly onOut?: (out: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export function newCommandLine() {
  const folder = mkdtempSync(join(tmpdir(), "paddock-cli-"));
  const { PATH: path = "", HOME: home = "" } = process.env;
  const paddock = async (args: readonly string[], more: More = {}): Promise<Ran> => {
    const stores = { XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder };
    const env = { PATH: path, HOME: home, ...stores, ...more.env };
    const child = spawn(command, args, { env, cwd: folder });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += chunk;
      more.onOut?.(out, (signal) => child.kill(signal));
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    more.killed?.addEventListener("abort", () => child.kill("SIGKILL"));
    child.stdin.end(more.stdin ?? "");
    const code = await new Promise<number | null>((done) => child.on("close", done));
    return { code, out, err };
  };
  return { folder, paddock, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
