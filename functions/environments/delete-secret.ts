import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { SecretKey, SecretWritten } from "#shared/contract/secret";
import { idSchema } from "#shared/core/ids";
import { deletionWrites, readForSecret } from "#shared/environments/write-secret";
import { change } from "#shared/pipeline/route";

export const deleteSecret = change({
  endpoint: "DELETE /v1/environments/:environmentId/secrets/:key",
  summary: "Delete a secret; executions that have claimed it keep it until they end.",
  authenticate: "api-key",
  scope: "secrets:write",
  params: z.object({ environmentId: idSchema("environment"), key: SecretKey }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "secrets",
  beforeConfirmed: "reads",
  account: "none",
  audit: "secret.deleted",
  reply: { 200: SecretWritten },
  read: async ({ caller, params: { environmentId }, deps }) =>
    await readForSecret(deps.store, caller.owner, environmentId),
  decide({ params: { environmentId, key }, data, now }) {
    const writes = deletionWrites(data, key, now);
    const reply = ok({ success: true, key, message: "Deleted; nothing can open it any more." });
    return { writes, subject: environmentId, facts: { key }, reply };
  },
});
