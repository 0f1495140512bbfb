import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { eachLine } from "./lines.ts";

type StreamName = "stdout" | "stderr";

interface LogTarget {
  readonly logFile: string;
  /** Anything after this is dropped, with a note. */
  readonly logBytesMax: number;
  readonly onLine?: ((stream: StreamName, line: string) => void) | undefined;
}

const cutNote = "[the rest of the log was dropped: it is over its limit]\n";

/** Copies the child's output to its log file line by line; resolves when all is written. */
export async function copyLines(child: ChildProcess, target: LogTarget): Promise<void> {
  const file = createWriteStream(target.logFile, { flags: "a", mode: 0o600 });
  let leftBytes = target.logBytesMax;
  const write = (stream: StreamName, line: string) => {
    if (leftBytes <= 0) return;
    leftBytes -= Buffer.byteLength(line) + 1;
    file.write(leftBytes > 0 ? `${line}\n` : cutNote);
    if (leftBytes > 0) target.onLine?.(stream, line);
  };
  await Promise.all([
    eachLine(child.stdout, (line) => write("stdout", line)),
    eachLine(child.stderr, (line) => write("stderr", line)),
  ]);
  file.end();
  await finished(file);
}
