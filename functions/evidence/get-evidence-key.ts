import * as z from "zod";
import { required } from "#shared/config";
import { ok } from "#shared/contract/common";
import { evidenceSigner } from "#shared/core/audit/evidence-format";
import { formatNoteKey } from "#shared/core/audit/signed-note";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";
import { evidenceKey } from "./evidence-key.ts";

export const getEvidenceKey = query({
  ...publicRead,
  endpoint: "GET /v1/audit/evidence-key",
  summary: "The public key that signs evidence of executions, as npm run audit:verify takes it.",
  reply: { 200: z.object({ key: z.string() }) },
  read: async () => await evidenceKey(),
  answer({ data: publicKey }) {
    const name = evidenceSigner(required("PADDOCK_AUDIT_LOG"));
    return ok({ key: formatNoteKey({ name, kind: "note", publicKey }) });
  },
});
