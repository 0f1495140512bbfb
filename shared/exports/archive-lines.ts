/** Lists in archives: a line of JSON for each value. */
import type { ArchiveEntry } from "./archive-entry.ts";

/** What `for await` takes. */
type Values<T> = AsyncIterable<T> | Iterable<T>;

/** Lines are handed out together, since each piece costs as much as a line. */
const pieceBytesMin = 64 * 1024;

export function lines(name: string, values: Values<object>): ArchiveEntry {
  return { name, pieces: asLines(values) };
}

async function* asLines(values: Values<object>): AsyncGenerator<Buffer> {
  let [waiting, length]: [string[], number] = [[], 0];
  for await (const value of values) {
    const line = `${JSON.stringify(value)}\n`;
    waiting.push(line);
    length += line.length;
    if (length < pieceBytesMin) continue;
    yield Buffer.from(waiting.join(""));
    [waiting, length] = [[], 0];
  }
  yield Buffer.from(waiting.join(""));
}

export async function* map<T, R>(values: Values<T>, change: (value: T) => R): AsyncGenerator<R> {
  for await (const value of values) yield change(value);
}
