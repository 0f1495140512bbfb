/** Whether a file of the workspace is still what the index says. */
import { createHash, type Hash } from "node:crypto";
import { isTrue } from "#shared/core/git/parse-config";
import type { IndexEntry } from "#shared/core/git/parse-index";
import { linkMode } from "#shared/core/git/parse-objects";
import type { ReadBudget } from "#shared/core/git/read-budget";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import type { Repository } from "./repository.ts";

/** Larger files are hashed in pieces, and only as they are. */
const wholeBytesMax = 8 * 1024 * 1024;
const pieceBytes = 4 * 1024 * 1024;
const attributesBytesMax = 256 * 1024;
const wordsOfLines = /\b(?:text|eol|crlf|autocrlf)\b/;

export class FileComparison {
  readonly #repository: Repository;
  readonly #indexWrittenAt: number;
  readonly #countsModes: boolean;
  /** Whether git may have stored files with other line ends than they have. */
  readonly #mayChangeLines: boolean;

  private constructor(repository: Repository, indexWrittenAt: number, mayChangeLines: boolean) {
    this.#repository = repository;
    this.#indexWrittenAt = indexWrittenAt;
    this.#countsModes = isTrue(repository.config.get("core.filemode") ?? "true");
    this.#mayChangeLines = mayChangeLines;
  }

  static async of(repository: Repository, indexWrittenAt: number): Promise<FileComparison> {
    const { files, config } = repository;
    const autocrlf = config.get("core.autocrlf");
    let mayChangeLines = autocrlf === "input" || isTrue(autocrlf);
    const own = [".gitattributes", ".git/info/attributes"];
    for (const path of mayChangeLines ? [] : own) {
      const file = files.file(path);
      if (file === undefined || file.sizeBytes > attributesBytesMax) continue;
      mayChangeLines ||= wordsOfLines.test(await files.text(path, attributesBytesMax));
    }
    return new FileComparison(repository, indexWrittenAt, mayChangeLines);
  }

  /** Null if it is the same. */
  async statusOf(
    entry: IndexEntry,
  ): Promise<"added" | "modified" | "deleted" | "typechange" | null> {
    const is = this.#repository.files.entry(entry.path);
    if (is === undefined || is.type === "directory") return "deleted";
    if (entry.isIntent) return "added";
    const isLink = entry.mode === linkMode;
    if (isLink !== (is.type === "symlink")) return "typechange";
    if (is.type === "symlink") {
      const target = Buffer.from(is.target);
      return hashed(target) === entry.oid ? null : "modified";
    }
    const isProgram = (entry.mode & 0o111) !== 0;
    if (this.#countsModes && isProgram !== ((is.mode & 0o100) !== 0)) return "modified";
    const isSameSize = entry.sizeBytes === is.sizeBytes % 2 ** 32;
    // As git does: a file that was changed when the index was written may have changed since.
    const isRacy = is.modifiedAt >= this.#indexWrittenAt;
    if (isSameSize && entry.modifiedAt === is.modifiedAt && !isRacy) return null;
    return (await this.#isSameContent(entry, is, isSameSize)) ? null : "modified";
  }

  async #isSameContent(
    entry: IndexEntry,
    file: ManifestFile,
    isSameSize: boolean,
  ): Promise<boolean> {
    const { oid } = entry;
    const { files, budget } = this.#repository;
    const mayDiffer = this.#mayChangeLines && file.sizeBytes <= wholeBytesMax;
    // Where git couldn't tell whether a file changed meanwhile, it stores a size of zero.
    if (!isSameSize && !mayDiffer && entry.sizeBytes !== 0) return false;
    if (file.sizeBytes > wholeBytesMax) return (await this.#hashInPieces(file)) === oid;
    const bytes = await files.whole(file, wholeBytesMax);
    if (budget.work(hashWork(bytes.length))) await budget.pause();
    if (hashed(bytes) === oid) return true;
    if (!mayDiffer) return false;
    const unix = await withUnixLines(bytes, budget);
    if (budget.work(hashWork(unix.length))) await budget.pause();
    return hashed(unix) === oid;
  }

  async #hashInPieces(file: ManifestFile): Promise<string> {
    const hash = begun(file.sizeBytes);
    for (let offsetBytes = 0; offsetBytes < file.sizeBytes; offsetBytes += pieceBytes) {
      const sizeBytes = Math.min(pieceBytes, file.sizeBytes - offsetBytes);
      if (this.#repository.budget.work(hashWork(sizeBytes))) await this.#repository.budget.pause();
      hash.update(await this.#repository.files.range(file, { offsetBytes, sizeBytes }));
    }
    return hash.digest("hex");
  }
}

function begun(sizeBytes: number): Hash {
  return createHash("sha1").update(`blob ${sizeBytes}\0`);
}

/** The name that git gives these contents. */
function hashed(bytes: Buffer): string {
  return begun(bytes.length).update(bytes).digest("hex");
}

function hashWork(sizeBytes: number): number {
  return 200 + sizeBytes / 8;
}

const bytesPerStep = 64 * 1024;
const [carriageReturn, lineFeed] = [0x0d, 0x0a];

/** Without the carriage returns of `\r\n`; in place of what it was given. */
async function withUnixLines(bytes: Buffer, budget: ReadBudget): Promise<Buffer> {
  let written = 0;
  for (let start = 0; start < bytes.length; start += bytesPerStep) {
    const end = Math.min(start + bytesPerStep, bytes.length);
    if (budget.work((end - start) / 4)) await budget.pause();
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] ?? 0;
      if (byte === carriageReturn && bytes[index + 1] === lineFeed) continue;
      bytes[written] = byte;
      written += 1;
    }
  }
  return bytes.subarray(0, written);
}
