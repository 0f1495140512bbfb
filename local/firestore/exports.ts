/**
 * Stores the emulator's data, which is in memory, on disk. An export is complete once the file
 * `current` names it; until then the previous one counts, so a crash at any moment loses nothing
 * that was stored.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";

const Current = z.object({ export: z.string().regex(/^export-[0-9a-f-]{36}$/) });

export interface DatabasesAt {
  /** The emulator's `host:port`. */
  readonly host: string;
  readonly projectId: string;
  readonly databases: readonly string[];
}

/** Replaces the contents of `folder` with the databases as they are now. */
export async function exportDatabases(databases: DatabasesAt, folder: string): Promise<void> {
  const name = `export-${randomUUID()}`;
  const target = resolve(folder, name);
  await mkdir(target, { recursive: true });
  for (const database of databases.databases) {
    await post(databases, "export", {
      database: `projects/${databases.projectId}/databases/${database}`,
      export_directory: target,
      export_name: folderName(database),
    });
  }
  await writeFileAtomically(join(folder, "current"), JSON.stringify({ export: name }));
  for (const other of await readdir(folder)) {
    if (other.startsWith("export-") && other !== name) {
      await rm(join(folder, other), { recursive: true, force: true });
    }
  }
}

/** Loads the last complete export. Returns false if `folder` has none. */
export async function importDatabases(databases: DatabasesAt, folder: string): Promise<boolean> {
  const current = await readJsonFile(join(folder, "current"), Current);
  if (!current) return false;
  for (const database of databases.databases) {
    const name = folderName(database);
    await post(databases, "import", {
      database: `projects/${databases.projectId}/databases/${database}`,
      export_directory: resolve(folder, current.export, name, `${name}.overall_export_metadata`),
    });
  }
  return true;
}

/** Removes every document of `databases`. */
export async function clearDatabases(databases: DatabasesAt): Promise<void> {
  for (const database of databases.databases) {
    const path = `projects/${databases.projectId}/databases/${database}/documents`;
    const url = `http://${databases.host}/emulator/v1/${path}`;
    await expectOk(await fetch(url, { method: "DELETE" }));
  }
}

async function post(
  databases: DatabasesAt,
  verb: "export" | "import",
  body: object,
): Promise<void> {
  const url = `http://${databases.host}/emulator/v1/projects/${databases.projectId}:${verb}`;
  const headers = { "content-type": "application/json", authorization: "Bearer owner" };
  await expectOk(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function expectOk(response: Response): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new Error(`The Firestore emulator refused: ${response.status} ${text}`);
}

/** Removes parentheses, which don't belong in a path. */
function folderName(database: string): string {
  return database === "(default)" ? "default" : database;
}
