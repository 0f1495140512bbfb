import type { Readable } from "node:stream";

/**
 * Each line of a stream of text, without what ends it; one that breaks ends there. `node:readline`
 * does so for terminals too, and takes its time to load.
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
