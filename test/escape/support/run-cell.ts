/** Starts the cell on a separate machine, and sends it attempts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { runnerPrograms } from "../../kit/sandbox/programs.ts";
import type { EscapeAttempt } from "./attempt.ts";
import type { Order, Told } from "./cell.ts";

/** Far from the uids of local clouds and of other tests. */
const firstUid = 1_700_000_000 + (process.pid % 50_000) * 1_000;

/** The limit for all attempts in one sandbox, on a busy machine. */
const answerMsMax = 120_000;

export interface CellOutcome {
  /** `escaped`, `contained`, or what went wrong. */
  readonly result: string;
  readonly printed: string;
}

export class Cell {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (printed: readonly string[]) => void>();
  #orders = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on("message", ({ id, printed }: Told) => {
      this.#waiting.get(id)?.(printed);
      this.#waiting.delete(id);
    });
    process.on("exit", () => {
      for (const answer of this.#waiting.values()) answer([]);
    });
  }

  static async open(): Promise<Cell> {
    const folder = mkdtempSync(join(tmpdir(), "paddock-cell-"));
    const file = join(folder, "cell.cjs");
    const launcher = join(await runnerPrograms(), "launcher.cjs");
    await build({
      entryPoints: [join(import.meta.dirname, "cell.ts")],
      outfile: file,
      bundle: true,
      platform: "node",
      target: "node24",
      format: "cjs",
    });
    const own = [
      "--mount",
      "--propagation",
      "private",
      "--pid",
      "--mount-proc",
      "--net",
      "--ipc",
      "--uts",
    ];
    const command = [process.execPath, file, launcher, `paddock-escape-${process.pid}`];
    // The cell ends with a test that is killed.
    const bound = ["--pdeathsig", "KILL", "--"];
    const inside = ["--fork", "--kill-child", "--", ...command, `${firstUid}`];
    const child = spawn("setpriv", [...bound, "unshare", ...own, ...inside], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const cell = new Cell(child);
    await new Promise<readonly string[]>((resolve) => cell.#waiting.set(0, resolve));
    // The program has been loaded.
    rmSync(folder, { recursive: true, force: true });
    return cell;
  }

  /** Makes attempts in one sandbox, without some of its walls. */
  async try(
    chosen: readonly EscapeAttempt[],
    mode: SandboxMode,
    missing: readonly string[],
  ): Promise<CellOutcome[]> {
    this.#orders += 1;
    const id = this.#orders;
    const order: Order = { id, attempts: chosen.map(({ name }) => name), mode, without: missing };
    const printed = await new Promise<readonly string[]>((resolve) => {
      this.#waiting.set(id, resolve);
      setTimeout(resolve, answerMsMax, []).unref();
      this.#process.send(order);
    });
    return chosen.map((_, index) => outcomeOf(printed[index] ?? "neither: no answer"));
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}

function outcomeOf(printed: string): CellOutcome {
  const text = printed.trim();
  const last = text.split("\n").at(-1) ?? "";
  const result = /^(escaped|contained):/.exec(last)?.[1] ?? "broken";
  return { result, printed: text.slice(-500) };
}
