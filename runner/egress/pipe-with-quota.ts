/** Moves bytes from one stream to another at the pace of the slower one. */
import type { Readable, Writable } from "node:stream";

/** @param pass Called for each piece; false stops it for good. */
export function pipeWithQuota(
  from: Readable,
  to: Writable,
  pass: (bytes: number) => boolean,
): void {
  const resume = () => from.resume();
  from.on("data", (chunk: Buffer) => {
    if (!pass(chunk.length)) return;
    if (to.write(chunk)) return;
    from.pause();
    to.once("drain", resume);
  });
  from.once("end", () => to.end());
  // The source may have ended before this listened.
  if (from.readableEnded) to.end();
  // Code that inspected the beginning may have paused the stream.
  from.resume();
}
