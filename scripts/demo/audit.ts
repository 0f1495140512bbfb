import { AuditRow, leafHash } from "#shared/core/audit/audit-row";
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
      const stored = StoredAuditRow.parse(doc.data());
      const { at, action, subject, actor } = stored;
      const intact = leafHash(AuditRow.parse(stored)) === stored.leafHash;
      return {
        at,
        action,
        subject,
        actor: `${actor.type} ${actor.id}`,
        leafHash: stored.leafHash,
        intact,
      };
    });
  } finally {
    await database.terminate();
  }
}
