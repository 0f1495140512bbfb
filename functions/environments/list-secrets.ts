import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { route } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

const SecretEntry = z.object({ key: z.string(), hasValue: z.literal(true) });

export const listSecrets = route({
  answers: "GET /v1/environments/:environmentId/secrets",
  summary: "The names of an environment's secrets; values are never returned.",
  authenticate: "api-key",
  scope: "environments:read",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "secrets",
  budget: "free",
  audit: "none",
  reply: {
    200: z.object({
      object: z.literal("list"),
      data: z.array(SecretEntry),
      total_count: z.int(),
    }),
  },
  read: async ({ caller, params, deps }) =>
    await deps.store.require(environments.of(caller.owner, params.environmentId)),
  decide({ data }) {
    const entries = data.value.secretKeys.map((key) => ({ key, hasValue: true }));
    const body = { object: "list", data: entries, total_count: entries.length };
    return { writes: [], reply: ok(body) };
  },
});
