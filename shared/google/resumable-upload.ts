/**
 * A resumable upload of Cloud Storage, a chunk after another
 * (https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload).
 *
 * The client's own stream counts tries, and the time for them, for all of its chunks: one of
 * gigabytes would end with its fourth failure, or with the first after half a minute.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { File } from "@google-cloud/storage";
import * as z from "zod";
import { Fault } from "../core/fault.ts";
import { ApiError } from "../errors/api-error.ts";
import { isRefused, slicesOf, storageFailure } from "./bucket.ts";

export interface Chunk {
  /** A multiple of 256 KiB unless they are the last. They aren't changed until all are kept. */
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/** Failures of one chunk; the waits between its tries take nine seconds together. */
const failuresMax = 5;
/** How long is waited; tests pass their own. */
const real = { firstWaitMs: 300, answerMsMax: 60_000 };

const Stored = z.object({ crc32c: z.string(), generation: z.string() });

const nothing = Buffer.alloc(0);

/** What is known after a request: all is stored, that many bytes are kept, or nothing. */
type Known =
  | { readonly kind: "stored"; readonly object: z.output<typeof Stored> }
  | { readonly kind: "kept"; readonly sizeBytes: number }
  | { readonly kind: "failed"; readonly cause: unknown };

/** An object that is on its way. It exists only once its last chunk is stored. */
export class ResumableUpload {
  readonly #file: File;
  /** Anyone who knows it may send. */
  readonly #address: string;
  readonly #checksum;
  readonly #using: typeof real;
  #sentBytes = 0;

  private constructor(file: File, address: string, using: typeof real) {
    this.#file = file;
    this.#address = address;
    this.#using = using;
    this.#checksum = file.crc32cGenerator();
  }

  /** One upload makes the object, and none replaces it. @throws {ApiError} `UNAVAILABLE`. */
  static async begin(
    file: File,
    contentType: string,
    using: typeof real = real,
  ): Promise<ResumableUpload> {
    try {
      const preconditionOpts = { ifGenerationMatch: 0 };
      const [address] = await file.createResumableUpload({
        metadata: { contentType },
        preconditionOpts,
      });
      return new ResumableUpload(file, address, using);
    } catch (cause) {
      throw storageFailure(cause);
    }
  }

  /**
   * Sends the bytes that follow those before. What fails is tried again from where the bucket has
   * all bytes, which may be within the chunk.
   * @throws {ApiError} `UNAVAILABLE`. @throws {StorageRefusal}
   */
  async send({ bytes, isLast }: Chunk): Promise<void> {
    this.#checksum.update(bytes);
    const begin = this.#sentBytes;
    const end = begin + bytes.length;
    const total = isLast ? end : "*";
    this.#sentBytes = end;
    let failures = 0;
    /** Null if it isn't known how many bytes the bucket has. */
    let kept: number | null = begin;
    for (;;) {
      const known: Known =
        kept === null || kept === end
          ? await this.#put(`bytes */${total}`)
          : await this.#put(`bytes ${kept}-${end - 1}/${total}`, bytes.subarray(kept - begin));
      if (known.kind === "stored" && isLast) return await this.#compare(known.object);
      const before: number | null = kept;
      kept = known.kind === "kept" ? known.sizeBytes : null;
      if (kept === end && !isLast) return;
      if (kept !== null && (kept < begin || kept > end)) throw lost("keeps other bytes");
      const isFurther = kept !== null && (before === null || kept > before);
      if (isFurther) continue;
      failures += 1;
      if (failures > failuresMax) throw storageFailure(causeOf(known));
      await wait(this.#using.firstWaitMs * 2 ** (failures - 1));
    }
  }

  async #put(range: string, bytes: Buffer = nothing): Promise<Known> {
    let answer: Response;
    try {
      answer = await fetch(this.#address, {
        method: "PUT",
        headers: { "content-range": range, "content-length": String(bytes.length) },
        // A buffer would be copied.
        ...(bytes.length > 0 ? { body: ReadableStream.from(slicesOf(bytes)), duplex: "half" } : {}),
        // What it answers with while more is to come is a redirection's status.
        redirect: "manual",
        signal: AbortSignal.timeout(this.#using.answerMsMax),
      });
      if (answer.status === 200 || answer.status === 201) {
        return { kind: "stored", object: Stored.parse(await answer.json()) };
      }
      await answer.body?.cancel();
    } catch (cause) {
      return { kind: "failed", cause };
    }
    if (answer.status === 308) return { kind: "kept", sizeBytes: keptBytes(answer) };
    const cause = { code: answer.status };
    // The bucket forgets an upload at times, and then it must be begun again.
    if (answer.status === 404 || answer.status === 410) throw lost("forgot the upload");
    if (isRefused(cause) || answer.status === 412) throw storageFailure(cause);
    return { kind: "failed", cause };
  }

  /** An object of other bytes is deleted. */
  async #compare({ crc32c, generation }: z.output<typeof Stored>): Promise<void> {
    if (this.#checksum.validate(crc32c)) return;
    await this.#file.delete({ ifGenerationMatch: generation }).catch(() => undefined);
    throw lost("stored other bytes");
  }
}

/** The number of bytes that an answer says are kept. */
function keptBytes({ headers }: Response): number {
  const last = /^bytes=0-(\d{1,15})$/.exec(headers.get("range") ?? "")?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

function causeOf(known: Known): unknown {
  return known.kind === "failed" ? known.cause : new Fault("Cloud Storage keeps no more bytes");
}

function lost(what: string): ApiError {
  return new ApiError("UNAVAILABLE", { cause: new Fault(`Cloud Storage ${what}`) });
}
