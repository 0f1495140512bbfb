import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { mcpServersKey } from "#shared/environments/seal-secret";
import { query } from "#shared/pipeline/route";
import { SecretBinding } from "#shared/protocol/bound-secret";
import { environments, sealedSecrets } from "#shared/store/environments";

const SecretEntry = SecretBinding.partial().extend({
  key: z.string(),
  hasValue: z.literal(true),
});

export const listSecrets = query({
  endpoint: "GET /v1/environments/:environmentId/secrets",
  summary: "The names of an environment's secrets and the hosts they are bound to; never a value.",
  authenticate: "api-key",
  scope: "environments:read",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "secrets",
  reply: {
    200: z.object({
      object: z.literal("list"),
      data: z.array(SecretEntry),
      total_count: z.int(),
    }),
  },
  read: async ({ caller, params: { environmentId }, deps }) => {
    const { value } = await deps.store.get(sealedSecrets.of(caller.owner, environmentId));
    // If there are none, the environment itself may not exist.
    if (!value) await deps.store.require(environments.of(caller.owner, environmentId));
    return [...(value?.values ?? [])].sort((a, b) => (a.key < b.key ? -1 : 1));
  },
  answer({ data }) {
    const variables = data.filter(({ key }) => key !== mcpServersKey);
    const entries = variables.map(({ key, binding }) => ({ key, hasValue: true, ...binding }));
    const body = { object: "list", data: entries, total_count: entries.length };
    return ok(body);
  },
});
