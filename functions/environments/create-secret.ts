import * as z from "zod";
import { created, noQuery } from "#shared/contract/common";
import { SecretCreate, SecretStored, storedBody } from "#shared/contract/secret";
import { idSchema } from "#shared/core/ids";
import { readAndSeal, storeSecret } from "#shared/environments/write-secret";
import { ApiError } from "#shared/errors/api-error";
import { change, jsonBytesMax } from "#shared/pipeline/route";

export const createSecret = change({
  endpoint: "POST /v1/environments/:environmentId/secrets",
  summary: "Create a secret; its name must be new.",
  authenticate: "api-key",
  scope: "secrets:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: SecretCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "secrets",
  beforeConfirmed: "reads",
  account: "none",
  audit: "secret.stored",
  refusals: ["CONFLICT"],
  reply: { 201: SecretStored },
  read: async ({ caller, params, body, deps }) =>
    await readAndSeal(deps.store, caller.owner, { ...body, ...params }),
  decide({ body, data, now }) {
    const { key } = body;
    if (data.environment.value.secretKeys.includes(key)) {
      const message = `A secret called ${key} exists already; use PUT to replace it.`;
      throw new ApiError("CONFLICT", { message });
    }
    const reply = created(storedBody(key, body.value));
    return { ...storeSecret(data, key, now), reply };
  },
});
