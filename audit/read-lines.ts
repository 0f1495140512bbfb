/** The longest line: a header with the roots of 250 million rows. */
const lineBytesMax = 64 * 1024 * 1024;

/** Splits bytes into lines without their newline. @throws {RangeError} if a line is too long. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const rest = chunk.subarray(start, end);
      yield parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
      [parts, length, start] = [[], 0, end + 1];
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > lineBytesMax) throw new RangeError("a line is too long");
  }
  if (length > 0) yield Buffer.concat(parts);
}
