import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { EnvironmentBody, environmentBody } from "#shared/contract/environment";
import { idSchema } from "#shared/core/ids";
import { route } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

export const getEnvironment = route({
  answers: "GET /v1/environments/:environmentId",
  summary: "One environment.",
  authenticate: "api-key",
  scope: "environments:read",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: z.object({ environment: EnvironmentBody }) },
  read: async ({ caller, params, deps }) =>
    await deps.store.require(environments.of(caller.owner, params.environmentId)),
  decide({ caller, data }) {
    const environment = environmentBody(data.value, caller.owner.id);
    return { writes: [], reply: ok({ environment }) };
  },
});
