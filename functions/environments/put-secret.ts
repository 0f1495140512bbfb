import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { SecretKey, SecretStored, SecretWrite, storedBody } from "#shared/contract/secret";
import { idSchema } from "#shared/core/ids";
import { readAndSeal, storeSecret } from "#shared/environments/write-secret";
import { change, jsonBytesMax } from "#shared/pipeline/route";

export const putSecret = change({
  endpoint: "PUT /v1/environments/:environmentId/secrets/:key",
  summary: "Create or replace a secret.",
  authenticate: "api-key",
  scope: "secrets:write",
  params: z.object({ environmentId: idSchema("environment"), key: SecretKey }),
  query: noQuery,
  body: SecretWrite,
  bodyBytesMax: jsonBytesMax,
  requestClass: "secrets",
  beforeConfirmed: "reads",
  account: "none",
  audit: "secret.stored",
  reply: { 200: SecretStored },
  read: async ({ caller, params, body, deps }) =>
    await readAndSeal(deps.store, caller.owner, { ...body, ...params }),
  decide({ params, body, data, now }) {
    const { key } = params;
    const reply = ok(storedBody(key, body.value));
    return { ...storeSecret(data, key, now), reply };
  },
});
