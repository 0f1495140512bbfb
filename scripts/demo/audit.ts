import { leafHash } from "#shared/core/audit/audit-row";
import { StoredAuditRow } from "#shared/store/audit-rows";
import type { LocalCloud } from "../../local/cloud.ts";
import { openFirestore } from "../../local/firestore/admin-client.ts";

export interface AuditLine {
  readonly at: number;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly leafHash: string;
  readonly intact: boolean;
}

/** An owner's audit rows as they were committed, each checked against its leaf hash. */
export async function auditLines(cloud: LocalCloud, ownerId: string): Promise<AuditLine[]> {
  const database = openFirestore(cloud.environment);
  try {
    const rows = await database.collection(`owners/${ownerId}/audit`).orderBy("at").get();
    return rows.docs.map((doc) => {
      const { leafHash: stored, ...row } = StoredAuditRow.parse(doc.data());
      const { at, action, subject, actor } = row;
      const intact = leafHash(row) === stored;
      return { at, action, subject, actor: `${actor.type} ${actor.id}`, leafHash: stored, intact };
    });
  } finally {
    await database.terminate();
  }
}
