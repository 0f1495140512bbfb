import * as z from "zod";
import { required } from "#shared/config";
import { ok } from "#shared/contract/common";
import { formatNoteKey } from "#shared/core/audit/signed-note";
import { checkpointPublicKey } from "#shared/google/checkpoint-key";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";

/** A process signs with one version of the key for as long as it runs, so one answer is enough. */
let known: Promise<Buffer> | null = null;

export const getLogKey = query({
  ...publicRead,
  endpoint: "GET /v1/audit/log-key",
  summary: "The name and public key of the audit log, as npm run audit:verify takes it.",
  reply: { 200: z.object({ log: z.string(), key: z.string() }) },
  read: async () => {
    const asked = known ?? checkpointPublicKey();
    known = asked;
    // A failure isn't remembered, so the next request asks again.
    asked.catch(() => {
      if (known === asked) known = null;
    });
    return await asked;
  },
  answer({ data: publicKey }) {
    const log = required("PADDOCK_AUDIT_LOG");
    return ok({ log, key: formatNoteKey({ name: log, kind: "note", publicKey }) });
  },
});
