import type { Readable } from "node:stream";

/**
 * Yields each line of a text stream without its line end; a broken stream just ends.
 * `node:readline` also handles terminals and takes longer to load.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string, void> {
  stream.setEncoding("utf8");
  let rest = "";
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch {
    return;
  }
  if (rest !== "") yield rest;
}
