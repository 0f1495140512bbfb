import { required } from "#shared/config";
import {
  type Evidence,
  type EvidenceFile,
  evidenceFormat,
  evidenceParts,
  evidenceSigner,
  evidenceText,
} from "#shared/core/audit/evidence-format";
import { hexOf } from "#shared/core/audit/proven-head";
import { formatNote, isSigned, type NoteKey, signatureOf } from "#shared/core/audit/signed-note";
import { Fault } from "#shared/core/fault";
import { allInOrder } from "#shared/errors/all-in-order";
import { signText } from "#shared/google/signing-key";
import { evidenceKey } from "./evidence-key.ts";

/**
 * What is signed has the root of the document's parts, and not the document: KMS takes 64 KiB.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function signEvidence(evidence: Evidence): Promise<EvidenceFile> {
  const leaves = evidenceParts(evidence).map(({ leaf }) => leaf);
  const text = evidenceText(evidence.execution, leaves);
  const [publicKey, signature] = await allInOrder([evidenceKey(), signText("evidence", text)]);
  if (!isSigned(Buffer.from(text), publicKey, signature)) {
    throw new Fault("KMS: the signature isn't the key's");
  }
  const name = evidenceSigner(required("PADDOCK_AUDIT_LOG"));
  const key: NoteKey = { name, kind: "note", publicKey };
  return {
    format: evidenceFormat,
    evidence,
    leaves: leaves.map(hexOf),
    signature: formatNote({ text, signatures: [signatureOf(key, signature)] }),
  };
}
