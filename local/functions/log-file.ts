import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Appends lines to a file; a full file becomes `<path>.1`, replacing the previous one. */
export interface LogFile {
  append(line: string): void;
  close(): Promise<void>;
}

export function openLogFile(path: string, bytesMax = 16 * 1024 * 1024): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let bytes = existsSync(path) ? statSync(path).size : 0;
  const open = () => createWriteStream(path, { flags: "a", mode: 0o600 });
  let stream = open();
  return {
    append(line) {
      bytes += Buffer.byteLength(line) + 1;
      if (bytes > bytesMax) {
        stream.end();
        renameSync(path, `${path}.1`);
        stream = open();
        bytes = Buffer.byteLength(line) + 1;
      }
      stream.write(`${line}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
