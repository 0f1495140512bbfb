import { environmentBody } from "#shared/answers/environment-body";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { EnvironmentBody } from "#shared/contract/environment";
import { ensureDefault, findDefault } from "#shared/environments/default-environment";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { change } from "#shared/pipeline/route";

export const getDefaultEnvironment = change({
  endpoint: "GET /v1/environments/default",
  summary: "Get the default environment; it is created if there is none.",
  authenticate: "api-key",
  scope: "environments:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "environment.created",
  // Some clients read the top-level fields, others read `environment`, so both are sent.
  reply: { 200: EnvironmentBody.extend({ environment: EnvironmentBody }) },
  read: async ({ caller: { owner }, deps, now }) => {
    const found = await findDefault(deps.store, owner, now);
    if ("missing" in found) return { found, isBusy: false };
    const busy = await busyEnvironments(deps.store, owner, found.environment.id);
    return { found, isBusy: busy.size > 0 };
  },
  prepare: async ({ caller: { owner }, data: { found, isBusy }, deps, now }) => ({
    ...(await ensureDefault(deps.keyStore, owner, { found, now })),
    isBusy,
  }),
  decide({ caller, data }) {
    const shown = { ownerId: caller.owner.id, isBusy: data.isBusy };
    const environment = environmentBody(data.environment, shown);
    const { writes } = data;
    return { writes, subject: environment.id, reply: ok({ ...environment, environment }) };
  },
});
