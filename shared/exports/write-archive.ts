/** Writes the entries of an archive as one ZIP file, with little of it in memory at once. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { ZipFile } from "yazl";
import type { ArchiveEntry } from "./archive-entry.ts";

export const archiveFormat = "paddock-account-export-1";
export const manifestName = "manifest.ndjson";

/** What was written, once all of it was. */
export interface WrittenArchive {
  readonly sizeBytes: number;
  /** The hash of all bytes, in hex. */
  readonly sha256: string;
}

interface About {
  readonly ownerId: string;
  /** Epoch milliseconds; all files in the archive have this time. */
  readonly madeAt: number;
}

/**
 * Makes the archive's bytes. Its last file is the manifest: a line about the archive, and then one
 * for each file with its size and SHA-256, by which everybody can check what they have unpacked,
 * and with how much of it storage has lost, if it has.
 * @param done Told what was written, before the last piece is asked for.
 * @throws what `entries` throw; then the archive has no end.
 */
export async function* archivePieces(
  entries: AsyncIterable<ArchiveEntry>,
  about: About,
  done: (written: WrittenArchive) => void,
): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  // The library's types don't say that it is a stream of this kind.
  const output = zip.outputStream as Readable;
  const fail = (cause: unknown) => {
    output.destroy(cause instanceof Error ? cause : new Error(String(cause)));
  };
  zip.on("error", fail);
  const added = addAll(zip, entries, about).catch(fail);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const piece of output) {
    hash.update(piece);
    sizeBytes += piece.length;
    yield piece;
  }
  await added;
  done({ sizeBytes, sha256: hash.digest("hex") });
}

/** An entry is added once the one before was read, so that only one of them is open. */
async function addAll(
  zip: ZipFile,
  entries: AsyncIterable<ArchiveEntry>,
  { ownerId, madeAt }: About,
): Promise<void> {
  const options = { mtime: new Date(madeAt), mode: 0o100644 };
  const madeAtText = options.mtime.toISOString();
  const manifest = [JSON.stringify({ format: archiveFormat, ownerId, madeAt: madeAtText })];
  for await (const { name, pieces, wholeBytes } of entries) {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const counted = async function* () {
      for await (const piece of pieces) {
        hash.update(piece);
        sizeBytes += piece.length;
        yield piece;
      }
    };
    // As a stream of objects it would read sixteen pieces ahead, of two megabytes each.
    const bytes = Readable.from(counted(), { objectMode: false });
    zip.addReadStream(bytes, name, options);
    await finished(bytes);
    const lost = wholeBytes === undefined ? {} : lostOf(wholeBytes - sizeBytes);
    manifest.push(JSON.stringify({ name, sizeBytes, sha256: hash.digest("hex"), ...lost }));
  }
  zip.addBuffer(Buffer.from(`${manifest.join("\n")}\n`), manifestName, options);
  zip.end();
}

/** Says of a file that its end isn't in the archive. */
function lostOf(lostBytes: number): object {
  return lostBytes === 0 ? {} : { lostBytes };
}
