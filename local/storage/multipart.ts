/** A `multipart/related` upload: metadata as JSON, then bytes, which are passed on as they come. */
import { HttpError } from "../lib/http.ts";

/** Metadata and the headers of both parts. */
const headBytesMax = 64 * 1024;
const headersEnd = Buffer.from("\r\n\r\n");

export interface MultipartUpload {
  /** JSON text. */
  readonly metadata: string;
  readonly contentType: string | undefined;
  readonly media: AsyncIterable<Buffer>;
}

/** @throws {HttpError} 400 for anything but two parts between `boundary`. */
export async function readMultipart(
  source: AsyncIterable<Buffer>,
  boundary: string,
): Promise<MultipartUpload> {
  const chunks = source[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line before it.
  let buffered: Buffer = Buffer.from("\r\n");
  for (;;) {
    const head = splitHead(buffered, delimiter);
    if (head !== null) {
      const media = untilDelimiter(head.rest, chunks, delimiter);
      return { metadata: head.metadata, contentType: head.contentType, media };
    }
    const { value, done } = await chunks.next();
    if (done || buffered.length > headBytesMax) throw malformed();
    buffered = Buffer.concat([buffered, value]);
  }
}

/** Null until both parts' headers and the whole metadata have arrived. */
function splitHead(buffered: Buffer, delimiter: Buffer) {
  const metadataStart = endOf(headersEnd, buffered, 0);
  const second = metadataStart < 0 ? -1 : buffered.indexOf(delimiter, metadataStart);
  const mediaStart = second < 0 ? -1 : endOf(headersEnd, buffered, second);
  if (mediaStart < 0) return null;
  if (!buffered.subarray(0, delimiter.length).equals(delimiter)) throw malformed();
  const headers = buffered.subarray(second + delimiter.length, mediaStart).toString("latin1");
  return {
    metadata: buffered.subarray(metadataStart, second).toString("utf8"),
    contentType: /^content-type:\s*(.+?)\s*$/im.exec(headers)?.[1],
    rest: buffered.subarray(mediaStart),
  };
}

function endOf(wanted: Buffer, buffered: Buffer, from: number): number {
  const at = buffered.indexOf(wanted, from);
  return at < 0 ? -1 : at + wanted.length;
}

/** Holds back as many bytes as may be the beginning of a delimiter. */
async function* untilDelimiter(
  first: Buffer,
  chunks: AsyncIterator<Buffer>,
  delimiter: Buffer,
): AsyncGenerator<Buffer> {
  let buffered = first;
  for (;;) {
    const end = buffered.indexOf(delimiter);
    if (end >= 0) {
      yield buffered.subarray(0, end);
      return;
    }
    const ready = Math.max(buffered.length - delimiter.length + 1, 0);
    if (ready > 0) yield buffered.subarray(0, ready);
    const { value, done } = await chunks.next();
    if (done) throw malformed();
    buffered = Buffer.concat([buffered.subarray(ready), value]);
  }
}

function malformed(): HttpError {
  return new HttpError(400, "badContent", "The multipart body is malformed.");
}
