/** An object's bytes, whole or in part. */
import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { HttpError } from "../lib/http.ts";
import { etagOf, type StoredObject } from "./model.ts";

interface ByteRange {
  readonly startBytes: number;
  /** Inclusive, as in the header. */
  readonly endBytes: number;
}

/** @param said Headers that a signed address sets. */
export async function sendObject(
  path: string,
  object: StoredObject,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  said: Readonly<Record<string, string>> = {},
): Promise<void> {
  const range = readRange(request.headers.range, object.sizeBytes);
  const headers = { ...headersOf(object), ...said };
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${object.sizeBytes}`);
    throw new HttpError(416, "requestedRangeNotSatisfiable", "The range lies outside the object.");
  }
  const file = await open(path).catch(() => {
    throw new HttpError(503, "backendError", "The object has just been replaced.");
  });
  try {
    const { startBytes, endBytes } = range ?? { startBytes: 0, endBytes: object.sizeBytes - 1 };
    const length = endBytes - startBytes + 1;
    const partial = { "content-range": `bytes ${startBytes}-${endBytes}/${object.sizeBytes}` };
    response.writeHead(range ? 206 : 200, {
      ...headers,
      ...(range ? partial : {}),
      "content-length": length,
    });
    if (length === 0 || request.method === "HEAD") response.end();
    else await pipeline(file.createReadStream({ start: startBytes, end: endBytes }), response);
  } finally {
    // A client that left before its answer began would leave the file open.
    await file.close();
  }
}

function headersOf(object: StoredObject): Record<string, string> {
  const { settings } = object;
  const optional = {
    "content-encoding": settings.contentEncoding,
    "content-disposition": settings.contentDisposition,
    "content-language": settings.contentLanguage,
    "cache-control": settings.cacheControl,
  };
  const given = Object.entries(optional).filter((entry): entry is [string, string] => !!entry[1]);
  return {
    ...Object.fromEntries(given),
    "content-type": settings.contentType ?? "application/octet-stream",
    "accept-ranges": "bytes",
    etag: `"${etagOf(object)}"`,
    "x-goog-generation": object.generation,
    "x-goog-metageneration": String(object.metageneration),
    "x-goog-hash": `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    "x-goog-stored-content-length": String(object.sizeBytes),
    "x-goog-stored-content-encoding": settings.contentEncoding ?? "identity",
  };
}

/** One range; null for the whole object, also for a malformed header, as HTTP requires. */
function readRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | "unsatisfiable" | null {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return null;
  const startBytes = first === "" ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const asked = first === "" || last === "" ? sizeBytes - 1 : Number(last);
  if (first !== "" && last !== "" && asked < startBytes) return null;
  const endBytes = Math.min(asked, sizeBytes - 1);
  return startBytes > endBytes ? "unsatisfiable" : { startBytes, endBytes };
}
