import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";

type StreamName = "stdout" | "stderr";

interface LogTarget {
  readonly logFile: string;
  /** What comes after it is dropped, with a note. */
  readonly logBytesMax: number;
  readonly onLine?: ((stream: StreamName, line: string) => void) | undefined;
}

/** A log entry of Cloud Logging holds about 256 KiB; a longer line becomes several. */
const lineLengthMax = 64 * 1024;
const cutNote = "[the rest of the log was dropped: it is over its limit]\n";

/** Copies what the child prints to its log file, line by line; resolves when all is written. */
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

async function eachLine(stream: Readable | null, take: (line: string) => void): Promise<void> {
  if (!stream) return;
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const feed = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    for (; rest.length > lineLengthMax; rest = rest.slice(lineLengthMax)) {
      take(rest.slice(0, lineLengthMax));
    }
  };
  stream.on("data", (chunk: Buffer) => feed(decoder.write(chunk)));
  await finished(stream).catch(() => undefined);
  feed(decoder.end());
  if (rest !== "") take(rest);
}
