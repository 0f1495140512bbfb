/** Verifies evidence of an execution, and names the first part that was changed. */
import { digestOf } from "#shared/core/audit/canonical-bytes";
import {
  type Evidence,
  type EvidenceFile,
  type EvidencePart,
  evidenceParts,
  evidenceSigner,
  evidenceText,
} from "#shared/core/audit/evidence-format";
import { isRowProven } from "#shared/core/audit/proof-format";
import { hashOf, hexOf } from "#shared/core/audit/proven-head";
import { parseNote, verifyNote } from "#shared/core/audit/signed-note";
import {
  ExportFault,
  type TrustedKey,
  type TrustedKeys,
  type VerifiedCheckpoint,
  verifyProvenHead,
} from "./verify-header.ts";

export interface EvidenceKeys extends TrustedKeys {
  /** One of these must have signed the evidence. */
  readonly evidence: readonly TrustedKey[];
}

/**
 * @returns The checkpoint that vouches for the rows; null if no tree has any of them.
 * @throws {ExportFault} naming what was edited, left out, moved or added.
 */
export function verifyEvidence(
  { evidence, leaves, signature }: EvidenceFile,
  keys: EvidenceKeys,
): VerifiedCheckpoint | null {
  const { text, name } = readSignature(signature, keys.evidence);
  const [, id, ownerId] = text.split("\n");
  const signed = evidenceText({ id: id ?? "", ownerId: ownerId ?? "" }, leaves.map(hashOf));
  if (text !== signed) throw new ExportFault("The list of leaves isn't the one that was signed.");
  const found = evidenceParts(evidence);
  const why = explainParts(found, leaves);
  if (why !== null) throw new ExportFault(why);
  if (id !== evidence.execution.id || ownerId !== evidence.execution.ownerId) {
    throw new ExportFault("The signature is of another execution.");
  }
  const checkpoint = verifyRows(evidence, keys);
  if (checkpoint && name !== evidenceSigner(checkpoint.origin)) {
    throw new ExportFault("The key that signed the evidence isn't of the log that has its rows.");
  }
  const contradiction = findContradiction(evidence);
  if (contradiction !== null) throw new ExportFault(`The evidence contradicts ${contradiction}.`);
  return checkpoint;
}

function readSignature(signature: string, keys: readonly TrustedKey[]) {
  const note = parseNote(signature);
  if (!note) throw new ExportFault("The signature isn't a signed note.");
  for (const { name, publicKey } of keys) {
    const signer = name ?? note.signatures[0]?.name ?? "";
    const isSigned = verifyNote(note, { name: signer, kind: "note", publicKey });
    if (isSigned) return { text: note.text, name: signer };
  }
  throw new ExportFault("The evidence isn't signed by the given key.");
}

/** What is wrong with the first part that isn't as it was signed; null if all are. */
function explainParts(found: readonly EvidencePart[], leaves: readonly string[]): string | null {
  const hashes = found.map(({ leaf }) => hexOf(leaf));
  const length = Math.max(hashes.length, leaves.length);
  const first = Array.from({ length }, (_, index) => index).find(
    (index) => hashes[index] !== leaves[index],
  );
  if (first === undefined) return null;
  const [part, hash, wanted] = [found[first], hashes[first], leaves[first]];
  const counted = `part ${first + 1} of ${leaves.length}`;
  if (!part || hash === undefined) return `${capital(counted)} and all later ones are missing.`;
  const comesLater = wanted !== undefined && hashes.includes(wanted, first);
  if (leaves.slice(0, first).includes(hash))
    return `${part.name} is a duplicate of an earlier part.`;
  if (leaves.includes(hash, first)) {
    return comesLater
      ? `${part.name} isn't in its place; ${counted} comes later.`
      : `${capital(counted)}, before ${part.name}, is missing.`;
  }
  if (comesLater || wanted === undefined) return `${part.name} was added.`;
  return `${part.name} was edited.`;
}

function verifyRows({ trail, rows, execution }: Evidence, keys: TrustedKeys) {
  const { id, ownerId } = execution;
  const foreign = rows.find(({ row }) => row.subject !== id || row.ownerId !== ownerId);
  if (foreign) throw new ExportFault(`${foreign.row.id} isn't a row of this execution.`);
  const checkpoint = trail && verifyProvenHead(trail, keys, "the evidence");
  if (trail && trail.head.ownerId !== ownerId) {
    throw new ExportFault("The trail is another owner's.");
  }
  const unproven = rows.find(
    ({ row, place }) => place && !(trail && isRowProven({ head: trail.head, row, ...place })),
  );
  if (unproven)
    throw new ExportFault(`The trail has another entry in place of ${unproven.row.id}.`);
  return checkpoint;
}

/** What the document says otherwise than the rows, which the log vouches for; null if nothing. */
function findContradiction(evidence: Evidence): string | null {
  const { network, limits, task, execution, workspace, image, costs, rows } = evidence;
  const { policy, sha256: networkSha256 } = network;
  const { values, sha256: limitsSha256 } = limits;
  if (digestOf(policy) !== networkSha256) return "the digest of the network policy";
  if (digestOf(values) !== limitsSha256) return "the digest of the limits";
  const taskDigest = task.contentDigest;
  const { savedManifestSha256: manifestSha256 } = workspace;
  const { status: outcome, chargedMicrousd } = execution;
  const stated: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "execution.started": { taskDigest, networkSha256, limitsSha256, model: task.model },
    "execution.claimed": image.reference === null ? {} : { image: image.reference },
    "execution.ended": { outcome, chargedMicrousd, manifestSha256 },
  };
  for (const { row } of rows) {
    for (const [name, value] of Object.entries(stated[row.action] ?? {})) {
      const fact = row.facts[name];
      // Rows of earlier releases lack some facts, and an image is mostly known after the claim.
      const isKnown = fact !== undefined && !(name === "image" && fact === null);
      if (isKnown && fact !== value) return `${name} of ${row.id}`;
    }
  }
  const charged = costs.reduce((sum, { amountMicrousd }) => sum - amountMicrousd, 0);
  return charged === (chargedMicrousd ?? 0) ? null : "its own cost lines";
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
