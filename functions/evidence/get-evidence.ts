import * as z from "zod";
import { signedLog } from "#shared/audit/signed-log";
import { noQuery, ok } from "#shared/contract/common";
import { EvidenceFile } from "#shared/core/audit/evidence-format";
import { idSchema } from "#shared/core/ids";
import { recordedRead } from "#shared/pipeline/recorded-read";
import { gatherEvidence } from "./gather-evidence.ts";
import { signEvidence } from "./sign-evidence.ts";

export const getEvidence = recordedRead({
  name: "evidence",
  endpoint: "GET /v1/executions/:executionId/evidence",
  summary: "Signed evidence of an execution that has ended: a file for npm run audit:verify.",
  needsToo: { scopes: ["threads:read"] },
  params: z.object({ executionId: idSchema("execution") }),
  query: noQuery,
  refusals: ["FORBIDDEN", "EXECUTION_RUNNING", "AUDIT_PENDING"],
  reply: { 200: EvidenceFile },
  read: async ({ caller: { owner }, params: { executionId }, now, deps: { store } }) =>
    await gatherEvidence({ store, owner, now, log: signedLog() }, executionId),
  answer: async ({ data }) => ok(await signEvidence(data)),
});
