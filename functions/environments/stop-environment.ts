import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { EnvironmentStop, EnvironmentStopped } from "#shared/contract/environment-state";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { stopExecutions } from "#shared/executions/stop-executions";
import { action, jsonBytesMax } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { Execution, executions } from "#shared/store/executions";

/** More than an owner can have unfinished. */
const unfinishedMax = 1_000;
const Unfinished = Execution.pick({ id: true });

/** An action, because each execution is ended in a commit of its own, with an audit row. */
export const stopEnvironment = action({
  endpoint: "POST /v1/environments/:environmentId/stop",
  summary: "Cancel what runs or waits in the environment, builds included.",
  authenticate: "api-key",
  scope: "execute",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: EnvironmentStop,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  reply: { 200: EnvironmentStopped },
  read: async ({ caller: { owner }, params: { environmentId }, deps: { store } }) => {
    const unfinished = (["queued", "running"] as const).map((status) =>
      store.findParts(executions.all(owner), Unfinished, {
        where: [
          ["environmentId", environmentId],
          ["status", status],
        ],
        orderBy: [],
        limit: unfinishedMax,
        outOfTurn: true,
      }),
    );
    await store.require(environments.of(owner, environmentId));
    return (await allInOrder(unfinished)).flat().map(({ id }) => id);
  },
  perform: async ({ caller, body, data, request, deps }) => {
    const { containerId = null } = body;
    const ids = containerId === null ? data : data.filter((id) => id === containerId);
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    await stopExecutions(deps, caller.owner, { ids, by });
    return ok({ success: true as const, stopped: ids.length, containers: ids });
  },
});
