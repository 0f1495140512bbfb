import { noParams, noQuery, ok } from "#shared/contract/common";
import { EnvironmentBody, environmentBody } from "#shared/contract/environment";
import { defaultEnvironment } from "#shared/environments/default-environment";
import { route } from "#shared/pipeline/route";

export const getDefaultEnvironment = route({
  answers: "GET /v1/environments/default",
  summary: "The default environment, made if there is none.",
  authenticate: "api-key",
  scope: "environments:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "writes",
  budget: "free",
  audit: "environment.created",
  // Clients read the fields at the top level, others under `environment`: both get theirs.
  reply: { 200: EnvironmentBody.extend({ environment: EnvironmentBody }) },
  read: async ({ caller, deps, now }) => await defaultEnvironment(deps, caller.owner, now),
  decide({ caller, data }) {
    const environment = environmentBody(data.environment, caller.owner.id);
    const { writes } = data;
    return { writes, subject: environment.id, reply: ok({ ...environment, environment }) };
  },
});
