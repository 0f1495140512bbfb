/** Writes at the reader's pace, so a slow reader holds no more than one piece in memory. */
import type { Writable } from "node:stream";

/** Resolves when `response` can take more, or when `signal` says that the reader is gone. */
export async function drained(response: Writable, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done);
  });
}

/** Writes piece by piece, and makes the next one only once the reader has taken the last. */
export async function writePaced(
  response: Writable,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of pieces) {
    if (signal.aborted) return;
    if (!response.write(piece)) await drained(response, signal);
  }
}
