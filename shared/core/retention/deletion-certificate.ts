/** The text that certifies the deletion of an account, one fact per line. */

import { dayMs } from "./periods.ts";
import { collectionPlaces, objectPlaces } from "./retention-places.ts";
import { retention } from "./retention-table.ts";

export interface CertifiedDeletion {
  readonly ownerId: string;
  readonly requestedAt: number;
  readonly finishedAt: number;
  readonly kept: {
    readonly archive: string;
    readonly archiveObjects: number;
    readonly archiveSha256: string | null;
    readonly treeSize: number;
    readonly treeRoot: string | null;
  };
}

/** The first line, which says what kind of text it is. */
export const certificateHeader = "paddock/deletion-certificate/v1";

/** Pure; the same deletion always has the same text. Times are UTC. */
export function certificateText(deletion: CertifiedDeletion): string {
  const { ownerId, requestedAt, finishedAt, kept } = deletion;
  const until = (ms: number) => new Date(finishedAt + ms).toISOString().slice(0, 10);
  const { archive, archiveObjects, archiveSha256, treeSize, treeRoot } = kept;
  const erased = collectionPlaces
    .filter((place) => !place.outlivesAccount)
    .filter(({ path, ownerField }) => path.startsWith("owners/*/") || ownerField !== undefined)
    .map(({ path, database }) => `erased ${database} ${path}`);
  const objects = objectPlaces
    .filter(({ bucket }) => bucket === "workspaces" || bucket === "exports")
    .map((place) => `erased bucket ${place.bucket} ${place.objects}`);
  return [
    certificateHeader,
    `account ${ownerId}`,
    `requested ${new Date(requestedAt).toISOString()}`,
    `finished ${new Date(finishedAt).toISOString()}`,
    ...erased,
    ...objects,
    "searched main keys workspaces exports: nothing is left but what is kept",
    `kept billing records: ${archiveObjects} objects of ${archive}, last ${archiveSha256 ?? "none"}`,
    `kept billing records until ${until(retention.billingArchive.keptMs)}: tax law`,
    `kept audit hashes: ${treeSize} leaves, root ${treeRoot ?? "none"}: signed checkpoints`,
    "kept incidents and containments, and what operators did: they name the account by its id",
    `kept backups of main until ${until(retention.backups.keptMs)} at most`,
    `kept restorable files until ${until(retention.deletedFiles.keptMs + dayMs)} at most`,
    `kept logs of executions until ${until(retention.executionLogs.keptMs)} at most`,
    `kept logs of requests until ${until(retention.accessLogs.keptMs)} at most`,
    "",
  ].join("\n");
}
