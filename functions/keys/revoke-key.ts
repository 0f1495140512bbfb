import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { revocationBarrierMs } from "#shared/auth/key-ring";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { apiKeys } from "#shared/store/api-keys";
import { patch } from "#shared/store/documents";

export const revokeKey = route({
  answers: "POST /v1/keys/:keyId/revoke",
  summary: "Revoke a key: from this answer on, no instance accepts it.",
  authenticate: "api-key",
  scope: "keys:write",
  params: z.object({ keyId: idSchema("apiKey") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "key.revoked",
  reply: { 200: z.object({ success: z.literal(true), message: z.string(), id: z.string() }) },
  read: async ({ caller, params, deps }) => {
    const where = [
      ["ownerId", caller.owner.id],
      ["id", params.keyId],
    ] as const;
    const [found] = await deps.store.findRefs(apiKeys.all(), { where, orderBy: [], limit: 1 });
    if (!found) throw new ApiError("NOT_FOUND");
    return found;
  },
  decide({ data, now }) {
    const { ref, value, version } = data;
    const message = "The key is revoked; no instance accepts it any more.";
    const reply = ok({ success: true, message, id: value.id });
    const revoked = value.revokedAt !== null;
    const writes = revoked ? [] : [patch(ref, { revokedAt: now }, { version })];
    return { writes, subject: value.id, facts: { prefix: value.prefix }, reply };
  },
  // Whoever began to read the key before the commit may use it for a second; then it is dead.
  after: async () => {
    await wait(revocationBarrierMs);
  },
});
