import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";
import { lockName, type NameLock } from "./name-lock.ts";

/** A folder where a local cloud stores everything; one cloud at a time holds it. */
export interface DataFolder {
  readonly path: string;
  /** The same at every start with this folder; it names what the cloud has outside of it. */
  readonly cloudId: string;
  file(...names: string[]): string;
  release(): void;
}

const mark = "paddock-data";

/**
 * Opens the folder, and creates it if it is missing.
 *
 * @param fresh Forget what an earlier cloud kept. Refused for a folder that no cloud has used.
 * @throws {Error} if another cloud uses the folder, or it holds something else.
 */
export async function openDataFolder(path: string, fresh: boolean): Promise<DataFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const real = await realpath(path);
  const cloudId = createHash("sha256").update(real).digest("hex").slice(0, 10);
  const lock = await lockName(`data-${cloudId}`);
  if (!lock) throw new Error(`Another local cloud uses ${path}: stop it first.`);
  try {
    await prepare(real, fresh);
  } catch (failure) {
    lock.release();
    throw failure;
  }
  return folderAt(real, cloudId, lock);
}

async function prepare(path: string, fresh: boolean): Promise<void> {
  const names = await readdir(path);
  if (names.length > 0 && !names.includes(mark)) {
    throw new Error(`${path} holds something that isn't a local cloud's: move it away first.`);
  }
  if (fresh) {
    for (const name of names) await rm(join(path, name), { recursive: true });
  }
  await chmod(path, 0o700);
  await writeFile(join(path, mark), "");
}

function folderAt(path: string, cloudId: string, lock: NameLock): DataFolder {
  return {
    path,
    cloudId,
    file: (...names) => join(path, ...names),
    release: () => lock.release(),
  };
}

const KeyFile = z.object({ current: z.string(), keys: z.record(z.string(), z.string()) });

/** A file of random keys with mode 600, made once, in the form of the cloud's mounted secrets. */
export async function ensureKeyFile(path: string): Promise<string> {
  if (!(await readJsonFile(path, KeyFile))) {
    const keys = { k1: randomBytes(32).toString("hex") };
    await writeFileAtomically(path, JSON.stringify({ current: "k1", keys }));
  }
  return path;
}
