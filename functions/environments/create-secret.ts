import * as z from "zod";
import { created, noQuery } from "#shared/contract/common";
import { SecretKey, SecretValue } from "#shared/contract/environment";
import { idSchema } from "#shared/core/ids";
import { readForSecret, secretWrites, storedMessage } from "#shared/environments/write-secret";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";

export const createSecret = route({
  answers: "POST /v1/environments/:environmentId/secrets",
  summary: "Store a secret under a name that has none yet.",
  authenticate: "api-key",
  scope: "secrets:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: z.object({ key: SecretKey, value: SecretValue }),
  bodyBytesMax: jsonBytesMax,
  limits: "secrets",
  budget: "free",
  audit: "secret.stored",
  reply: { 201: z.object({ success: z.literal(true), key: z.string(), message: z.string() }) },
  read: async ({ caller, params, body, deps }) => {
    const secret = { ...params, ...body };
    return await readForSecret(deps.store, caller.owner, secret);
  },
  decide({ body, data, now }) {
    const { key } = body;
    if (data.environment.value.secretKeys.includes(key)) {
      const message = `A secret called ${key} exists already; use PUT to replace it.`;
      throw new ApiError("CONFLICT", { message });
    }
    const writes = secretWrites(data, key, now);
    const reply = created({ success: true, key, message: storedMessage(body.value) });
    return { writes, subject: data.environment.value.id, facts: { key }, reply };
  },
});
