/**
 * Buckets and objects on disk. An object's bytes are in a file that never changes. A small JSON
 * file says which bytes a name has, and replacing that file is the commit.
 */
import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";
import { HttpError } from "../lib/http.ts";
import { Queue } from "../lib/queue.ts";
import { type Settings, StoredBucket, StoredObject } from "./model.ts";
import { checkPreconditions, type Preconditions } from "./preconditions.ts";
import { type Content, Spool } from "./spool.ts";

interface OpenBucket {
  readonly about: StoredBucket;
  readonly folder: string;
  readonly objects: Map<string, StoredObject>;
}

const bucketPattern = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;

export class ObjectStore {
  readonly #folder: string;
  readonly #buckets = new Map<string, OpenBucket>();
  /** Checking a precondition and committing is one step; nothing comes in between. */
  readonly #commits = new Queue();
  #lastGeneration = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<ObjectStore> {
    const store = new ObjectStore(folder);
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) await store.#load(name);
    return store;
  }

  /** Reads a bucket's index, and drops bytes without an object: uploads that a stop interrupted. */
  async #load(name: string): Promise<void> {
    const folder = join(this.#folder, name);
    const about = await readJsonFile(join(folder, "bucket.json"), StoredBucket);
    if (!about) return;
    const objects = new Map<string, StoredObject>();
    for (const file of await readdir(join(folder, "objects"))) {
      if (!file.endsWith(".json")) continue;
      const object = await readJsonFile(join(folder, "objects", file), StoredObject);
      if (!object) continue;
      objects.set(object.name, object);
      this.#lastGeneration = Math.max(this.#lastGeneration, Number(object.generation));
    }
    const used = new Set([...objects.values()].map((object) => object.file));
    for (const file of await readdir(join(folder, "bytes"))) {
      if (!used.has(file)) await rm(join(folder, "bytes", file), { force: true });
    }
    this.#buckets.set(name, { about, folder, objects });
  }

  /** @throws {HttpError} 400, 409. */
  async createBucket(name: string, location: string): Promise<StoredBucket> {
    if (!bucketPattern.test(name)) throw new HttpError(400, "invalid", "Invalid bucket name.");
    return await this.#commits.run(async () => {
      if (this.#buckets.has(name)) {
        throw new HttpError(409, "conflict", "The bucket exists already.");
      }
      const folder = join(this.#folder, name);
      await mkdir(join(folder, "objects"), { recursive: true });
      await mkdir(join(folder, "bytes"), { recursive: true });
      const about = { name, location, createdAtMs: Date.now() };
      await writeFileAtomically(join(folder, "bucket.json"), JSON.stringify(about));
      this.#buckets.set(name, { about, folder, objects: new Map() });
      return about;
    });
  }

  /** @throws {HttpError} 404. */
  bucket(name: string): StoredBucket {
    return this.#bucket(name).about;
  }

  #bucket(name: string): OpenBucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new HttpError(404, "notFound", "The specified bucket does not exist.");
    return bucket;
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  objects(bucketName: string): Iterable<StoredObject> {
    return this.#bucket(bucketName).objects.values();
  }

  current(bucketName: string, name: string): StoredObject | undefined {
    return this.#bucket(bucketName).objects.get(name);
  }

  /** @param generation the requested one, if any. @throws {HttpError} 404. */
  find(bucketName: string, name: string, generation: string | null = null): StoredObject {
    const object = this.current(bucketName, name);
    if (!object || (generation !== null && generation !== object.generation)) {
      throw new HttpError(404, "notFound", `No such object: ${bucketName}/${name}`);
    }
    return object;
  }

  pathOf(bucketName: string, object: StoredObject): string {
    return join(this.#bucket(bucketName).folder, "bytes", object.file);
  }

  async openSpool(bucketName: string): Promise<Spool> {
    return await Spool.open(join(this.#bucket(bucketName).folder, "bytes"));
  }

  /** Makes `content` the object's newest generation. @throws {HttpError} 412. */
  async commit(
    target: { readonly bucket: string; readonly name: string; readonly conditions: Preconditions },
    content: Content,
    settings: Settings,
  ): Promise<StoredObject> {
    const bucket = this.#bucket(target.bucket);
    return await this.#commits.run(async () => {
      const previous = bucket.objects.get(target.name);
      try {
        checkPreconditions(target.conditions, previous, "write");
      } catch (refusal) {
        await rm(join(bucket.folder, "bytes", content.file), { force: true });
        throw refusal;
      }
      const nowMs = Date.now();
      const object: StoredObject = {
        ...content,
        name: target.name,
        generation: this.#nextGeneration(nowMs),
        metageneration: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        settings,
      };
      await this.#write(bucket, object);
      if (previous) await rm(join(bucket.folder, "bytes", previous.file), { force: true });
      return object;
    });
  }

  /** Changes an object's settings; its bytes stay. @throws {HttpError} 404, 412. */
  async update(
    target: { readonly bucket: string; readonly name: string; readonly conditions: Preconditions },
    change: (settings: Settings) => Settings,
  ): Promise<StoredObject> {
    return await this.#commits.run(async () => {
      const object = this.find(target.bucket, target.name);
      checkPreconditions(target.conditions, object, "write");
      const updated: StoredObject = {
        ...object,
        metageneration: object.metageneration + 1,
        updatedAtMs: Date.now(),
        settings: change(object.settings),
      };
      await this.#write(this.#bucket(target.bucket), updated);
      return updated;
    });
  }

  /** @throws {HttpError} 404, 412. */
  async remove(
    target: { readonly bucket: string; readonly name: string; readonly conditions: Preconditions },
    generation: string | null,
  ): Promise<void> {
    await this.#commits.run(async () => {
      const object = this.find(target.bucket, target.name, generation);
      checkPreconditions(target.conditions, object, "write");
      const bucket = this.#bucket(target.bucket);
      await rm(indexPath(bucket, target.name), { force: true });
      bucket.objects.delete(target.name);
      await rm(this.pathOf(target.bucket, object), { force: true });
    });
  }

  /** The same bytes under another file name, possibly in another bucket; nothing is copied. */
  async share(from: string, object: StoredObject, to: string): Promise<Content> {
    const file = randomUUID();
    const source = this.pathOf(from, object);
    await link(source, join(this.#bucket(to).folder, "bytes", file)).catch(() => {
      throw new HttpError(404, "notFound", `No such object: ${from}/${object.name}`);
    });
    const { sizeBytes, md5Hash, crc32c } = object;
    return { file, sizeBytes, md5Hash, crc32c };
  }

  async #write(bucket: OpenBucket, object: StoredObject): Promise<void> {
    await writeFileAtomically(indexPath(bucket, object.name), JSON.stringify(object));
    bucket.objects.set(object.name, object);
  }

  /** Microseconds since 1970, like the service's, and always more than any before. */
  #nextGeneration(nowMs: number): string {
    this.#lastGeneration = Math.max(nowMs * 1_000, this.#lastGeneration + 1);
    return String(this.#lastGeneration);
  }
}

/** Named by hash, because an object's name may be too long for a file and hold any character. */
function indexPath(bucket: OpenBucket, name: string): string {
  const digest = createHash("sha256").update(name).digest("hex");
  return join(bucket.folder, "objects", `${digest}.json`);
}
