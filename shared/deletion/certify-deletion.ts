import { config } from "../config.ts";
import { formatNote, formatNoteKey, signatureOf } from "../core/audit/signed-note.ts";
import { certificateText } from "../core/retention/deletion-certificate.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { signingPublicKey, signText } from "../google/signing-key.ts";
import { operatorsTrail } from "../identity/owner.ts";
import type { KeptOfAccount } from "../store/account-deletions.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { replace } from "../store/documents.ts";
import { withDeadline } from "../store/with-deadline.ts";
import type { FoundDeletion } from "./account-deletion.ts";
import type { DeletionDeps } from "./finish-deletion.ts";

/**
 * Signs the certificate and ends the deletion, in one commit with a row in the operators' trail,
 * since the owner has none any more.
 */
export async function certifyDeletion(
  deps: DeletionDeps,
  { ref, value, version }: FoundDeletion,
  kept: KeptOfAccount,
): Promise<void> {
  const now = deps.now();
  const { ownerId, requestedAt } = value;
  const text = certificateText({ ownerId, requestedAt, finishedAt: now, kept });
  const [publicKey, signature] = await allInOrder([
    signingPublicKey("certificates"),
    signText("certificates", text),
  ]);
  const key = { name: certificateSigner(), kind: "note", publicKey } as const;
  const certificate = formatNote({ text, signatures: [signatureOf(key, signature)] });
  const certificateKey = formatNoteKey(key);
  const id = deps.newId("auditRow");
  const row = auditEntry(operatorsTrail(), {
    id,
    at: now,
    actor: { type: "maintenance", id: "deletion" },
    action: "account.erased",
    subject: ownerId,
    requestId: value.requestId,
    facts: { archiveObjects: kept.archiveObjects, auditRows: kept.treeSize },
    sealedDetails: null,
  });
  const done = {
    ...value,
    state: "erased",
    dueAt: null,
    finishedAt: now,
    certificate,
    certificateKey,
  } as const;
  await withDeadline(deps.store.commit([replace(ref, version, done), row]));
}

/** The name under which certificates are signed. */
function certificateSigner(): string {
  return `${config().GOOGLE_CLOUD_PROJECT}/certificates`;
}
