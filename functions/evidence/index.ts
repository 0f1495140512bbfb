/** Signed evidence of what an execution was allowed, what it did and what it cost. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getEvidence } from "./get-evidence.ts";
import { getEvidenceKey } from "./get-evidence-key.ts";

export const service: Service = {
  name: "evidence",
  summary: "Signed evidence of single executions, for npm run audit:verify",
  visibility: "edge",
  routes: [getEvidence, getEvidenceKey],
  // A document with a long egress log is some megabytes.
  limits: { ...defaultLimits, concurrency: 20 },
  // It signs evidence and nothing else: no checkpoint, and it opens nothing that is sealed.
  roles: ["firestore.main", "checkpoints.read", "kms.sign.evidence", "secret.peppers"],
};
