/** Writing at the reader's pace: what a slow reader hasn't taken holds no more than one piece. */
import type { Writable } from "node:stream";

/** Resolves when `response` takes more, or when `signal` says that nobody reads any more. */
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

/** Writes piece by piece, and has the next one made only once the reader has taken the last. */
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
