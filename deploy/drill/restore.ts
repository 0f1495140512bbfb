/**
 * Backup, loss and restore. In Google Cloud, Firestore makes the backup, and a restore makes a new
 * database from it; here both are the emulator's export and import.
 */
import { join } from "node:path";
import type { LocalCloud } from "../../local/cloud.ts";
import {
  clearDatabases,
  type DatabasesAt,
  exportDatabases,
  importDatabases,
} from "../../local/firestore/exports.ts";
import { documentsUnder, type Probe } from "./probe.ts";

export interface Backup {
  readonly at: DatabasesAt;
  readonly folder: string;
  /** The owner's documents at the time of the backup: path → fields. */
  readonly documents: ReadonlyMap<string, string>;
}

export async function backUp(
  cloud: LocalCloud,
  probe: Probe,
  wanted: { readonly databases: readonly string[]; readonly ownerId: string },
): Promise<Backup> {
  const at = { ...whereIs(cloud), databases: wanted.databases };
  const folder = join(cloud.dataFolder, "drill-backup");
  await exportDatabases(at, folder);
  const documents = await documentsUnder(probe.main.doc(`owners/${wanted.ownerId}`));
  return { at, folder, documents };
}

/** @throws if anything is left. */
export async function loseMain(cloud: LocalCloud, { main }: Probe): Promise<void> {
  await clearDatabases({ ...whereIs(cloud), databases: ["(default)"] });
  const left = await main.collection("owners").listDocuments();
  if (left.length > 0) throw new Error("the main database isn't empty");
}

/** Restarts functions, because their caches refer to a database that is gone. */
export async function restore(cloud: LocalCloud, { at, folder }: Backup): Promise<void> {
  if (!(await importDatabases(at, folder))) throw new Error("there is no backup");
  const names = ["threads", "executions", "environments", "keys", "billing", "runner-gateway"];
  for (const name of names) await cloud.restartFunction(name);
}

function whereIs({ environment }: LocalCloud) {
  const { GOOGLE_CLOUD_PROJECT: projectId = "", FIRESTORE_EMULATOR_HOST: host = "" } = environment;
  return { projectId, host };
}
