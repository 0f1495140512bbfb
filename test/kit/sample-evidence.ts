/** Evidence of one execution as the API gives it, with keys made for the test. */
import { sign } from "node:crypto";
import type { AuditRow } from "#shared/core/audit/audit-row";
import { canonicalBytes, digestOf } from "#shared/core/audit/canonical-bytes";
import {
  type Evidence,
  type EvidenceFile,
  evidenceFormat,
  evidenceParts,
  evidenceText,
} from "#shared/core/audit/evidence-format";
import { planInclusion } from "#shared/core/audit/merkle-proofs";
import { frontierOf, hashLeaf, rootOf } from "#shared/core/audit/merkle-tree";
import { hexOf } from "#shared/core/audit/proven-head";
import { formatNote, signatureOf } from "#shared/core/audit/signed-note";
import { type LogKey, ownerId, sampleHead, sampleRow } from "./audit-export.ts";

const id = "run_000000000000000000001";
const hex = (digit: string) => digit.repeat(64);
const policy = { mode: "allowlist", allow: [{ host: "example.com", port: 443 }], job: "internet" };
const limits = { wallClockMs: 600_000, processesMax: 256 };
const image = `registry.example/runner@sha256:${hex("a")}`;
const digests = { networkSha256: digestOf(policy), limitsSha256: digestOf(limits) };
const facts: Readonly<Record<string, AuditRow["facts"]>> = {
  "execution.started": { model: "shell", taskDigest: hex("1"), ...digests },
  "execution.claimed": { attempt: 1, image },
  "execution.ended": { outcome: "success", chargedMicrousd: 900, manifestSha256: hex("2") },
};

const attempt = (sequence: number): NonNullable<Evidence["attempts"]>[number] => ({
  ...{ sequence, at: sequence, host: "example.com", port: 443, method: "connect" as const },
  ...{ verdict: "allowed" as const, rule: null, address: "192.0.2.1" },
  ...{ sentBytes: 10, receivedBytes: sequence, durationMs: 5 },
});

/** The execution's rows are the entries 3, 5 and 6 of a trail of 8. */
const places = [2, 4, 5];

function trailOf(log: LogKey): Pick<Evidence, "trail" | "rows"> {
  const trail = Array.from({ length: 8 }, (_, number) => sampleRow(number));
  for (const [number, action] of Object.keys(facts).entries()) {
    const place = places[number] ?? 0;
    trail[place] = { ...sampleRow(place), action, subject: id, facts: facts[action] ?? {} };
  }
  const leaves = trail.map((row) => hashLeaf(canonicalBytes(row)));
  const rootBetween = (start: number, end: number) =>
    hexOf(rootOf(frontierOf(leaves.slice(start, end))));
  return {
    trail: sampleHead({ size: 8, root: rootOf(frontierOf(leaves)) }, log),
    rows: trail.flatMap((row, index) => {
      if (row.subject !== id) return [];
      const inclusion = planInclusion(index, 8).map(({ start, end }) => rootBetween(start, end));
      return [{ row, place: { index, inclusion } }];
    }),
  };
}

export function sampleEvidence(log: LogKey): Evidence {
  const charge = { lossMicrousd: 0, days: { "2026-01-01": 900 }, description: "Compute time" };
  return {
    madeAt: 10,
    execution: {
      ...{ id, ownerId, threadId: "thread_1", environmentId: "env_1", messageId: "msg_1" },
      ...{ keyId: "key_1", status: "success", reason: "completed", exitCode: 0, attempt: 1 },
      ...{ profile: "lite", heldMicrousd: 5_000, chargedMicrousd: 900 },
      ...{ createdAt: 1, claimedAt: 2, endedAt: 9 },
    },
    task: { model: "shell", contentDigest: hex("1"), instructionsDigest: null, reason: null },
    image: { reference: image, reason: null },
    network: { policy, sha256: digests.networkSha256 },
    limits: { values: limits, sha256: digests.limitsSha256 },
    workspace: {
      ...{ state: "saved", baseManifestSha256: null, savedManifestSha256: hex("2") },
      reason: null,
    },
    files: ["a.txt", "b.txt"].map((path) => {
      return { path, changeKind: "created" as const, additions: 1, deletions: 0 };
    }),
    filesReason: null,
    egress: { total: 3, cut: 0, reason: null },
    attempts: [1, 2, 3].map(attempt),
    costs: [{ id: "rec_1", type: "charge", amountMicrousd: -900, createdAt: 9, ...charge }],
    ...trailOf(log),
  };
}

export function signedEvidence(evidence: Evidence, key: LogKey): EvidenceFile {
  const leaves = evidenceParts(evidence).map(({ leaf }) => leaf);
  const text = evidenceText(evidence.execution, leaves);
  const signature = signatureOf(key.key, sign(null, Buffer.from(text), key.privateKey));
  return {
    format: evidenceFormat,
    evidence,
    leaves: leaves.map(hexOf),
    signature: formatNote({ text, signatures: [signature] }),
  };
}
