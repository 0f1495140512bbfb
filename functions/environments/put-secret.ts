import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { SecretKey, SecretValue } from "#shared/contract/environment";
import { idSchema } from "#shared/core/ids";
import { readForSecret, secretWrites, storedMessage } from "#shared/environments/write-secret";

import { jsonBytesMax, route } from "#shared/pipeline/route";

export const putSecret = route({
  answers: "PUT /v1/environments/:environmentId/secrets/:key",
  summary: "Store a secret, in place of the one of that name if there is one.",
  authenticate: "api-key",
  scope: "secrets:write",
  params: z.object({ environmentId: idSchema("environment"), key: SecretKey }),
  query: noQuery,
  body: z.object({ value: SecretValue }),
  bodyBytesMax: jsonBytesMax,
  limits: "secrets",
  budget: "free",
  audit: "secret.stored",
  reply: { 200: z.object({ success: z.literal(true), key: z.string(), message: z.string() }) },
  read: async ({ caller, params, body, deps }) => {
    const secret = { ...params, ...body };
    return await readForSecret(deps.store, caller.owner, secret);
  },
  decide({ params, body, data, now }) {
    const { key } = params;

    const writes = secretWrites(data, key, now);
    const reply = ok({ success: true, key, message: storedMessage(body.value) });
    return { writes, subject: data.environment.value.id, facts: { key }, reply };
  },
});
