import * as z from "zod";
import { orchestrationRunBody } from "#shared/answers/orchestration-body";
import { noQuery, ok } from "#shared/contract/common";
import { OrchestrationRunBody, OrchestrationRunCreate } from "#shared/contract/orchestration";
import { idSchema } from "#shared/core/ids";
import { holds } from "#shared/core/keys/admission";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { requireScopes, startScopes } from "#shared/keys/acting-key";
import { newRun } from "#shared/orchestrations/new-run";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { orchestrationRuns, orchestrations } from "#shared/store/orchestrations";
import { requireAgents } from "./orchestration-agents.ts";
import { advanceAndDispatch } from "./read-orchestrations.ts";

/** The whole run is held at once; its steps are started afterwards, here or by a sweep. */
export const runOrchestration = change({
  endpoint: "POST /v1/orchestrations/:orchestrationId/runs",
  summary: "Start a run with this request's key; what its steps may cost is held at once.",
  authenticate: "api-key",
  scope: "execute",
  params: z.object({ orchestrationId: idSchema("orchestration") }),
  query: noQuery,
  body: OrchestrationRunCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "orchestration.started",
  refusals: ["CONFLICT", "FORBIDDEN"],
  reply: { 200: z.object({ run: OrchestrationRunBody }) },
  read: async ({ caller: { owner, key }, params: { orchestrationId }, deps: { store } }) => {
    requireScopes(key, startScopes);
    const { value } = await store.require(orchestrations.of(owner, orchestrationId));
    const [environment, models] = await allInOrder([
      store.require(environments.of(owner, value.environmentId)),
      requireAgents(store, owner, { steps: value.steps }),
    ]);
    return { orchestration: value, environment: environment.value, models };
  },
  decide({ caller: { owner, key }, body, data, account, ids, now }) {
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { orchestration, environment } = data;
    if (orchestration.status === "archived") {
      const message = "The orchestration is archived: make it active before it is run.";
      throw new ApiError("CONFLICT", { message });
    }
    if (holds(account, environment.id)) {
      const message = "The environment is held in an incident; nothing starts in it.";
      throw new ApiError("FORBIDDEN", { message });
    }
    const id = ids.next("orchestrationRun");
    const { run, account: held } = newRun(body, { id, key, account, now, ...data });
    return {
      writes: [create(orchestrationRuns.of(owner, orchestration.id, id), run)],
      account: held,
      subject: id,
      facts: {
        orchestrationId: orchestration.id,
        executions: run.results.length,
        heldMicrousd: run.holdMicrousd,
      },
      reply: ok({ run: orchestrationRunBody(run) }),
      run,
    };
  },
  // If this process dies here, a sweep starts the steps.
  after: async ({ caller: { owner }, decided: { run }, deps }) =>
    await advanceAndDispatch(deps, owner, run),
});
