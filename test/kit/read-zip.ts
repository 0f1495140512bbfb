/** Reads a ZIP file as any program does, with another library than the one that wrote it. */
import { buffer } from "node:stream/consumers";
import { fromBufferPromise } from "yauzl";

/** The files in an archive by their names. */
export async function readZip(bytes: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const zip = await fromBufferPromise(bytes);
  const files = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    files.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)));
  }
  return files;
}
