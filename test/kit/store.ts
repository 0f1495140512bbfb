/** What only the database shows: the record of changes, as the system itself wrote it. */
import { Firestore } from "@google-cloud/firestore";
import { canonicalBytes, leafHash } from "#shared/core/audit-row";
import { StoredAuditRow } from "#shared/store/owners";
import { cloud } from "./cloud.ts";

let database: Firestore | undefined;

export function firestore(): Firestore {
  const { environment } = cloud();
  database ??= new Firestore({
    projectId: environment["GOOGLE_CLOUD_PROJECT"] ?? "",
    host: environment["FIRESTORE_EMULATOR_HOST"] ?? "",
    ssl: false,
    customHeaders: { Authorization: "Bearer owner" },
  });
  return database;
}

/** An owner's audit rows, oldest first, each checked against its own leaf hash. */
export async function auditOf(ownerId: string) {
  const { docs } = await firestore().collection(`owners/${ownerId}/audit`).orderBy("at").get();
  return docs.map((doc) => {
    const { leafHash: stored, ...row } = StoredAuditRow.parse(doc.data());
    if (leafHash(row) !== stored) throw new Error(`not its leaf: ${canonicalBytes(row)}`);
    return { ...row, leafHash: stored };
  });
}
