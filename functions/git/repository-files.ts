/**
 * The files of one repository in a stored workspace. They are found by their names in the list of
 * files alone: links are never followed, so nothing outside of the workspace can be named. What one
 * request may read is drawn from its budget.
 */
import { LRUCache } from "lru-cache";
import { GitFault } from "#shared/core/git/git-fault";
import type { ReadBudget } from "#shared/core/git/read-budget";
import type { Manifest, ManifestEntry, ManifestFile } from "#shared/core/workspace/manifest";
import { entryAt, rangeBelow } from "#shared/core/workspace/tree-order";
import type { ByteRange } from "#shared/google/byte-range";

/** Reads some of a file's bytes from the store. */
export type ReadBytes = (file: ManifestFile, range: ByteRange) => Promise<Buffer>;

const blockBytes = 64 * 1024;
const empty = Buffer.alloc(0);
const cachedBytesMax = 16 * 1024 * 1024;

export class RepositoryFiles {
  readonly manifest: Manifest;
  /** The repository's folder in the workspace; empty for the workspace itself. */
  readonly folder: string;
  readonly #read: ReadBytes;
  readonly budget: ReadBudget;
  readonly #blocks: LRUCache<string, Buffer>;

  constructor(
    source: { readonly manifest: Manifest; readonly read: ReadBytes; readonly budget: ReadBudget },
    folder: string,
  ) {
    this.manifest = source.manifest;
    this.folder = folder;
    this.#read = source.read;
    const { budget } = source;
    this.budget = budget;
    this.#blocks = new LRUCache<string, Buffer>({
      maxSize: cachedBytesMax,
      dispose: ({ length }) => budget.refund("keptBytes", length),
    });
  }

  /** A path of the repository as one of the workspace. */
  pathOf(path: string): string {
    return this.folder === "" ? path : `${this.folder}/${path}`;
  }

  /** What is at a path of the repository's folder. */
  entry(path: string): ManifestEntry | undefined {
    // A path is compared with some twenty others.
    this.budget.work(60 + 3 * path.length);
    return entryAt(this.manifest.entries, this.pathOf(path));
  }

  file(path: string): ManifestFile | undefined {
    const entry = this.entry(path);
    return entry?.type === "file" ? entry : undefined;
  }

  /** Everything below a folder of the repository, with paths of the workspace. */
  below(path: string): readonly ManifestEntry[] {
    const folder = path === "" ? this.folder : this.pathOf(path);
    const { start, end } = rangeBelow(this.manifest.entries, folder);
    this.budget.work(1_000 + (end - start) / 8);
    this.budget.spend("keptBytes", 8 * (end - start));
    return this.manifest.entries.slice(start, end);
  }

  /** A small file as text; empty if there is none. @throws {GitFault} If it is larger. */
  async text(path: string, sizeMax: number): Promise<string> {
    const file = this.file(path);
    if (file === undefined) return "";
    this.budget.work(file.sizeBytes / 8);
    return (await this.whole(file, sizeMax)).toString("utf8");
  }

  async whole(file: ManifestFile, sizeMax: number): Promise<Buffer> {
    if (file.sizeBytes > sizeMax) {
      throw new GitFault("A file of the repository is larger than what is read here.");
    }
    return await this.range(file, { offsetBytes: 0, sizeBytes: file.sizeBytes });
  }

  /** Bytes that aren't looked at again. */
  async range(file: ManifestFile, range: ByteRange): Promise<Buffer> {
    const { offsetBytes, sizeBytes } = range;
    if (offsetBytes < 0 || sizeBytes < 0 || offsetBytes + sizeBytes > file.sizeBytes) {
      throw new GitFault("The repository is damaged: a file is shorter than another one says.");
    }
    if (sizeBytes === 0) return Buffer.alloc(0);
    this.budget.spend("readBytes", sizeBytes);
    this.budget.spend("reads", 1);
    await this.budget.pause();
    return await this.#read(file, range);
  }

  /** Bytes near which others will be read. */
  async near(file: ManifestFile, range: ByteRange): Promise<Buffer> {
    const { offsetBytes, sizeBytes } = range;
    if (this.budget.work(150 + file.path.length / 4 + sizeBytes / 64)) await this.budget.pause();
    const first = Math.floor(offsetBytes / blockBytes);
    const last = Math.floor((offsetBytes + Math.max(sizeBytes, 1) - 1) / blockBytes);
    if (last - first > 1) return await this.range(file, range);
    const start = offsetBytes - first * blockBytes;
    const block = await this.#block(file, first);
    // No more is copied than what was asked for: thousands of such reads are made of one block.
    const begun = block.subarray(start, start + sizeBytes);
    const left = sizeBytes - begun.length;
    const rest = last > first ? (await this.#block(file, last)).subarray(0, left) : empty;
    if (begun.length + rest.length < sizeBytes) {
      throw new GitFault("The repository is damaged: a file is shorter than another one says.");
    }
    return rest.length === 0 ? begun : Buffer.concat([begun, rest]);
  }

  async #block(file: ManifestFile, block: number): Promise<Buffer> {
    const key = `${file.path}/${block}`;
    const known = this.#blocks.get(key);
    if (known) return known;
    const offsetBytes = block * blockBytes;
    const sizeBytes = Math.min(blockBytes, file.sizeBytes - offsetBytes);
    const bytes = await this.range(file, { offsetBytes, sizeBytes });
    this.budget.spend("keptBytes", bytes.length);
    if (bytes.length > 0) this.#blocks.set(key, bytes, { size: bytes.length });
    return bytes;
  }
}
