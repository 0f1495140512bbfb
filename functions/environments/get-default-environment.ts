import { noParams, noQuery, ok } from "#shared/contract/common";
import { EnvironmentBody } from "#shared/contract/environment";
import { ensureDefault, findDefault } from "#shared/environments/default-environment";
import {
  nothingAround,
  readAround,
  showEnvironment,
} from "#shared/environments/shown-environments";
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
    if ("missing" in found) return { found, around: nothingAround };
    const { environment } = found;
    return { found, around: await readAround(deps.store, owner, [environment], environment.id) };
  },
  prepare: async ({ caller: { owner }, data: { found, around }, deps, now }) => ({
    ...(await ensureDefault(deps.keyStore, owner, { found, now })),
    around,
  }),
  decide({ caller, data }) {
    const environment = showEnvironment(caller.owner, data.environment, data.around);
    const { writes, isMarkedAgain = false } = data;
    const marked = { action: "environment.updated", facts: { isDefault: true } } as const;
    return {
      writes,
      ...(isMarkedAgain ? marked : {}),
      subject: environment.id,
      reply: ok({ ...environment, environment }),
    };
  },
});
