/** A local Storage and Google's own client for it, shared by two test files. */
import { join } from "node:path";
import { type Bucket, Storage } from "@google-cloud/storage";
import { vi } from "vitest";
import { type Storage as LocalStorage, startStorage } from "../../local/storage/server.ts";
import { makeFolder, removeFolder } from "./grpc-kit.ts";

export class StorageKit {
  readonly #folder = makeFolder();
  #started: { server: LocalStorage; storage: Storage } | undefined;

  async start(): Promise<void> {
    const options = { dataFolder: this.#folder, buckets: ["paddock-workspaces"] };
    const server = await startStorage(options);
    vi.stubEnv("STORAGE_EMULATOR_HOST", server.url);
    const retryOptions = { maxRetries: 1, totalTimeout: 5 };
    this.#started = { server, storage: new Storage({ projectId: "paddock-test", retryOptions }) };
  }

  async stop(): Promise<void> {
    await this.server.close();
    vi.unstubAllEnvs();
    removeFolder(this.#folder);
  }

  get server(): LocalStorage {
    return this.#running.server;
  }

  get storage(): Storage {
    return this.#running.storage;
  }

  get bucket(): Bucket {
    return this.storage.bucket("paddock-workspaces");
  }

  /** The folder with the bytes of the bucket's objects. */
  get bytesFolder(): string {
    return join(this.#folder, "storage/paddock-workspaces/bytes");
  }

  async save(name: string, content: string | Buffer, options: object = {}) {
    const file = this.bucket.file(name);
    await file.save(content, { resumable: false, ...options });
    return file;
  }

  async textOf(name: string): Promise<string> {
    const [bytes] = await this.bucket.file(name).download();
    return bytes.toString("utf8");
  }

  get #running() {
    if (!this.#started) throw new Error("Not started.");
    return this.#started;
  }
}

/** A refusal as the client's caller sees it. */
export const failed = (code: number) => ({ code });
