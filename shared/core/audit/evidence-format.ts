/**
 * The evidence of one execution: a document whose parts are the leaves of a Merkle tree (RFC 6962),
 * and a signed note that has the tree's root. So a reader of a changed document knows which part
 * was changed, left out or moved, and not only that something was.
 */
import * as z from "zod";
import { EgressAttempt } from "../../protocol/runner.ts";
import { idSchema } from "../ids.ts";
import { canonicalBytes } from "./canonical-bytes.ts";
import { hashList, hexHash } from "./heads.ts";
import { frontierOf, type Hash, hashLeaf, rootOf } from "./merkle-tree.ts";
import { Inclusion } from "./proof-format.ts";
import { ProvenHead } from "./proven-head.ts";

export const evidenceFormat = "paddock-evidence-1";

/** The most connection attempts that a document has; it says how many there were. */
export const evidenceAttemptsMax = 5_000;

/** Why something isn't there, as a sentence. Null if it is. */
const reason = z.string().nullable();
const money = z.int().min(0);
const time = z.int();

/** An audit row of the execution, and its place in the owner's tree. */
const ProvenRow = z.strictObject({
  row: z.looseObject({
    id: z.string(),
    ownerId: z.string(),
    action: z.string(),
    subject: z.string(),
    facts: z.record(z.string(), z.unknown()),
  }),
  /** Null for rows that no tree has, which releases before the sequencer wrote. */
  place: Inclusion.nullable(),
});

const FileChange = z.strictObject({
  path: z.string(),
  changeKind: z.enum(["created", "modified", "deleted"]),
  additions: z.int(),
  deletions: z.int(),
});

const CostLine = z.strictObject({
  id: z.string(),
  type: z.enum(["charge", "loss"]),
  amountMicrousd: z.int(),
  lossMicrousd: money,
  days: z.record(z.string(), z.int()).nullable(),
  description: z.string(),
  createdAt: time,
});

/** What the execution was, as its document says. Times are epoch milliseconds. */
const ExecutionFacts = z.strictObject({
  id: idSchema("execution"),
  ownerId: idSchema("owner"),
  threadId: z.string(),
  environmentId: z.string(),
  messageId: z.string(),
  keyId: z.string(),
  status: z.enum(["success", "failed", "cancelled"]),
  reason: z.string().nullable(),
  exitCode: z.int().nullable(),
  attempt: z.int(),
  profile: z.string(),
  heldMicrousd: money,
  chargedMicrousd: money.nullable(),
  createdAt: time,
  claimedAt: time.nullable(),
  endedAt: time.nullable(),
});

export const Evidence = z.strictObject({
  /** When the document was made, in epoch milliseconds. */
  madeAt: time,
  execution: ExecutionFacts,
  /** Digests are salted, because a short text could be guessed; the row's details have the salt. */
  task: z.strictObject({
    model: z.string(),
    contentDigest: hexHash.nullable(),
    instructionsDigest: hexHash.nullable(),
    reason,
  }),
  image: z.strictObject({ reference: z.string().nullable(), reason }),
  network: z.strictObject({ policy: z.looseObject({}), sha256: hexHash }),
  limits: z.strictObject({ values: z.looseObject({}), sha256: hexHash }),
  workspace: z.strictObject({
    state: z.enum(["saved", "unchanged", "not_saved"]).nullable(),
    baseManifestSha256: z.string().nullable(),
    savedManifestSha256: z.string().nullable(),
    reason,
  }),
  files: z.array(FileChange).nullable(),
  filesReason: reason,
  /** How many attempts there were, and how many of them the log itself left out. */
  egress: z.strictObject({ total: z.int(), cut: z.int(), reason }),
  attempts: z.array(EgressAttempt.strict()).max(evidenceAttemptsMax).nullable(),
  costs: z.array(CostLine),
  /** The head of the owner's trail under a signed checkpoint; null if no row has a place in it. */
  trail: ProvenHead.nullable(),
  rows: z.array(ProvenRow),
});
export type Evidence = z.infer<typeof Evidence>;

export const EvidenceFile = z.strictObject({
  format: z.literal(evidenceFormat),
  evidence: Evidence,
  /** The leaf hash of each part, in order, in hexadecimal. */
  leaves: hashList(),
  /** A signed note with the root of these leaves. */
  signature: z.string(),
});
export type EvidenceFile = z.infer<typeof EvidenceFile>;

/** One leaf: a field of the document, or one entry of a field that is a list. */
export interface EvidencePart {
  /** The field, and the entry's number from 1. */
  readonly name: string;
  readonly leaf: Hash;
}

/**
 * The parts in the order of the fields' names and of the entries. A field's leaf is the hash of
 * `{"field":…,"value":…}` in canonical JSON, an entry's is that of `{"entry":…,"field":…}`.
 */
export function evidenceParts(evidence: Evidence): readonly EvidencePart[] {
  const fields = Object.entries(evidence).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return fields.flatMap(([field, value]) => {
    const entries = Array.isArray(value) ? (value as readonly unknown[]) : null;
    if (!entries) return [{ name: field, leaf: hashLeaf(canonicalBytes({ field, value })) }];
    return entries.map((entry, index) => ({
      name: `${field} ${index + 1}`,
      leaf: hashLeaf(canonicalBytes({ field, entry })),
    }));
  });
}

/** What is signed. @param leaves Of all parts, in order. */
export function evidenceText(
  { id, ownerId }: Pick<Evidence["execution"], "id" | "ownerId">,
  leaves: readonly Hash[],
): string {
  const root = rootOf(frontierOf(leaves)).toString("base64");
  return `${evidenceFormat}\n${id}\n${ownerId}\n${leaves.length}\n${root}\n`;
}

/** The name of the key that signs evidence of the deployment with this audit log. */
export function evidenceSigner(log: string): string {
  return `${log}/evidence`;
}
