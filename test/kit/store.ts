/** Opens the stores, and reads audit rows from them as the system itself wrote them. */
import type { Firestore } from "@google-cloud/firestore";
import { Storage } from "@google-cloud/storage";
import { AuditRow, leafHash } from "#shared/core/audit/audit-row";
import { canonicalBytes } from "#shared/core/audit/canonical-bytes";
import { StoredAuditRow } from "#shared/store/audit-rows";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import { cloud } from "./cloud.ts";

const databases = new Map<string, Firestore>();

export function firestore(databaseId = "(default)"): Firestore {
  const known = databases.get(databaseId) ?? openFirestore(cloud().environment, databaseId);
  databases.set(databaseId, known);
  return known;
}

export function bucketOf(name: string) {
  const { STORAGE_EMULATOR_HOST: apiEndpoint = "", GOOGLE_CLOUD_PROJECT: projectId = "" } =
    cloud().environment;
  return new Storage({ apiEndpoint, projectId }).bucket(name);
}

/** An owner's audit rows, oldest first, each checked against its own leaf hash. */
export async function auditOf(ownerId: string) {
  const { docs } = await firestore().collection(`owners/${ownerId}/audit`).orderBy("at").get();
  return docs.map((doc) => {
    const stored = StoredAuditRow.parse(doc.data());
    const row = AuditRow.parse(stored);
    if (leafHash(row) !== stored.leafHash) throw new Error(`not its leaf: ${canonicalBytes(row)}`);
    return { ...row, leafHash: stored.leafHash };
  });
}
