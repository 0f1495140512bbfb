/** Real repositories in a folder: made by real git, and read as a stored workspace would be. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { ReadBudget } from "#shared/core/git/read-budget";
import { type ManifestEntry, type ManifestFile, manifestOf } from "#shared/core/workspace/manifest";
import { isConfined } from "#shared/core/workspace/paths";
import type { ByteRange } from "#shared/google/byte-range";
import { openRepository, type Repository } from "../../functions/git/repository.ts";
import { RepositoryFiles } from "../../functions/git/repository-files.ts";

const environment = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_AUTHOR_EMAIL: "author@example.com",
  GIT_COMMITTER_NAME: "A U Thor",
  GIT_COMMITTER_EMAIL: "author@example.com",
  // `status` would write what it found out into the index.
  GIT_OPTIONAL_LOCKS: "0",
};

export class GitFolder {
  readonly path = mkdtempSync(join(tmpdir(), "paddock-git-"));

  git(...words: readonly string[]): string {
    return this.gitWith({}, ...words);
  }

  gitWith(variables: NodeJS.ProcessEnv, ...words: readonly string[]): string {
    return execFileSync("git", words, {
      cwd: this.path,
      env: { ...environment, ...variables },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  gitFrom(input: string, ...words: readonly string[]): void {
    execFileSync("git", words, { cwd: this.path, env: environment, input, stdio: "pipe" });
  }

  /** Whether git accepted it. */
  tryGit(...words: readonly string[]): boolean {
    try {
      this.git(...words);
      return true;
    } catch {
      return false;
    }
  }

  files(folder = "", signal: AbortSignal = new AbortController().signal): RepositoryFiles {
    const manifest = manifestOf(entriesIn(this.path, ""));
    const read = async (file: ManifestFile, range: ByteRange) =>
      bytesOf(join(this.path, file.path), range);
    const budget = new ReadBudget({ check: () => signal.throwIfAborted(), breathe });
    return new RepositoryFiles({ manifest, read, budget }, folder);
  }

  async open(folder = ""): Promise<Repository> {
    const opened = await openRepository(this.files(folder));
    if (typeof opened === "string") throw new Error(opened);
    return opened;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function entriesIn(root: string, folder: string): ManifestEntry[] {
  return readdirSync(join(root, folder)).flatMap((name): ManifestEntry[] => {
    const path = folder === "" ? name : `${folder}/${name}`;
    // What can't be stored under its own name isn't in a workspace.
    if (!isConfined(path)) return [];
    const state = lstatSync(join(root, path), { bigint: true });
    const modifiedAt = Math.round(Number(state.mtimeNs) / 1_000_000);
    const mode = Number(state.mode & 0o777n);
    if (state.isDirectory()) {
      return [{ path, type: "directory", mode, modifiedAt }, ...entriesIn(root, path)];
    }
    if (state.isSymbolicLink()) {
      return [{ path, type: "symlink", target: readlinkSync(join(root, path)), modifiedAt }];
    }
    const sizeBytes = Number(state.size);
    return [{ path, type: "file", sha256: "", sizeBytes, mode, modifiedAt, parts: [] }];
  });
}

function bytesOf(path: string, { offsetBytes, sizeBytes }: ByteRange): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(sizeBytes);
    readSync(file, bytes, 0, sizeBytes, offsetBytes);
    return bytes;
  } finally {
    closeSync(file);
  }
}
