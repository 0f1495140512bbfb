/** The log on disk: one JSON line per entry, one file per day, append-only. */
import { createReadStream } from "node:fs";
import { appendFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Queue } from "../lib/queue.ts";
import { LogEntry } from "./log-entry.ts";

export class LogFiles {
  readonly #folder: string;
  readonly #writes = new Queue();
  /** Ends a line that a crash may have cut off, so that it doesn't spoil the next. */
  #separator = "\n";

  constructor(folder: string) {
    this.#folder = folder;
  }

  async append(entries: readonly LogEntry[], nowMs: number): Promise<void> {
    const day = new Date(nowMs).toISOString().slice(0, 10);
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    await this.#writes.run(async () => {
      await mkdir(this.#folder, { recursive: true });
      await appendFile(join(this.#folder, `${day}.jsonl`), this.#separator + lines, {
        mode: 0o600,
      });
      this.#separator = "";
    });
  }

  /** All entries, oldest day first. */
  async *read(): AsyncGenerator<LogEntry> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith(".jsonl")).sort()) {
      const input = createReadStream(join(this.#folder, name));
      for await (const line of createInterface({ input })) {
        const entry = parseLine(line);
        if (entry !== null) yield entry;
      }
    }
  }
}

/** Null for a line that a crash cut off. */
function parseLine(line: string): LogEntry | null {
  try {
    return LogEntry.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
