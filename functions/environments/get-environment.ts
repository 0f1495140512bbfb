import * as z from "zod";
import { ok } from "#shared/contract/common";
import { EnvironmentBody } from "#shared/contract/environment";
import { idSchema } from "#shared/core/ids";
import { readBuilds, showEnvironment } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

export const getEnvironment = query({
  endpoint: "GET /v1/environments/:environmentId",
  summary: "Get an environment.",
  ...ownedRead("environments:read"),
  params: z.object({ environmentId: idSchema("environment") }),
  reply: { 200: z.object({ environment: EnvironmentBody }) },
  read: async ({ caller: { owner }, params: { environmentId }, deps }) => {
    const [{ value }, busy] = await allInOrder([
      deps.store.require(environments.of(owner, environmentId)),
      busyEnvironments(deps.store, owner, environmentId),
    ]);
    return { value, around: { busy, builds: await readBuilds(deps.store, owner, [value]) } };
  },
  answer({ caller, data: { value, around } }) {
    return ok({ environment: showEnvironment(caller.owner, value, around) });
  },
});
