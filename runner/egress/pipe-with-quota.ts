/** Moves bytes from one stream to another at the pace of the slower. */
import type { Readable, Writable } from "node:stream";

/** @param pass Asked for each piece; false stops it for good. */
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
  // Who ends early has done so before anybody listened.
  if (from.readableEnded) to.end();
  // Whoever looked at the beginning may have stopped it.
  from.resume();
}
