import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";

/** A log entry of Cloud Logging holds about 256 KiB; a longer line becomes several. */
const lineLengthMax = 64 * 1024;

/** Calls `take` with each line, including an unterminated last one; resolves with the stream. */
export async function eachLine(
  stream: Readable | null,
  take: (line: string) => void,
): Promise<void> {
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
