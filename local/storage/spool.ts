/** Bytes that will become an object: written to disk as they come, and hashed. */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Crc32c } from "@aws-crypto/crc32c";
import { HttpError } from "../lib/http.ts";

/** Limits how much disk one object may take. */
const objectBytesMax = 5 * 1024 ** 3;

export interface Content {
  /** The file's name in the spool's folder. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly md5Hash: string;
  readonly crc32c: string;
}

export class Spool {
  readonly #path: string;
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #md5 = createHash("md5");
  readonly #crc32c = new Crc32c();
  #sizeBytes = 0;

  private constructor(path: string, file: string, handle: FileHandle) {
    this.#path = path;
    this.#file = file;
    this.#handle = handle;
  }

  static async open(folder: string): Promise<Spool> {
    const file = randomUUID();
    const path = join(folder, file);
    return new Spool(path, file, await open(path, "wx", 0o600));
  }

  /** How many bytes have been stored so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Takes all of `source`; after a failure, what came before it stays and counts.
   * @param mostBytes What a signed request allows; one chunk more is taken and then refused.
   */
  async take(source: AsyncIterable<Buffer>, mostBytes = objectBytesMax): Promise<void> {
    for await (const chunk of source) {
      if (this.#sizeBytes > mostBytes) break;
      if (this.#sizeBytes + chunk.length > objectBytesMax) {
        throw new HttpError(413, "uploadTooLarge", `An object is at most ${objectBytesMax} bytes.`);
      }
      await this.#handle.writeFile(chunk);
      this.#md5.update(chunk);
      this.#crc32c.update(chunk);
      this.#sizeBytes += chunk.length;
    }
  }

  async finish(): Promise<Content> {
    await this.#handle.sync();
    await this.#handle.close();
    const crc32c = Buffer.alloc(4);
    crc32c.writeUInt32BE(this.#crc32c.digest());
    return {
      file: this.#file,
      sizeBytes: this.#sizeBytes,
      md5Hash: this.#md5.digest("base64"),
      crc32c: crc32c.toString("base64"),
    };
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.#path, { force: true });
  }
}
