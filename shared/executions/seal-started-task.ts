import type { ActingKey } from "../keys/acting-key.ts";
import { sealAuditDetails } from "../secrets/audit-details.ts";
import { digestSalt } from "./request-digest.ts";

/**
 * Seals the task of what starts without a request, for the row of its start. It must be the task
 * that starts, whose digest the row has: a decision that is repeated seals what it read (AUD-4).
 * @returns Null if no key acts, since then nothing starts.
 */
export async function sealStartedTask(
  acting: ActingKey | "held" | null,
  rowId: string,
  task: string,
): Promise<string | null> {
  if (acting === null || acting === "held") return null;
  const { ownerId, auditPublicKey: publicKey } = acting.key;
  const details = { task, taskSalt: digestSalt(rowId) };
  return await sealAuditDetails({ ownerId, rowId, publicKey }, details);
}
