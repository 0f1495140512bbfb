import * as z from "zod";
import { orchestrationRunBody } from "#shared/answers/orchestration-body";
import { noQuery, ok } from "#shared/contract/common";
import { OrchestrationRunBody, OrchestrationRunCreate } from "#shared/contract/orchestration";
import { idSchema } from "#shared/core/ids";
import { holds } from "#shared/core/keys/admission";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { isSameRequest, requestDigest } from "#shared/executions/request-digest";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { newRun } from "#shared/orchestrations/new-run";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { create, unchanged } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { orchestrationRuns, orchestrations } from "#shared/store/orchestrations";
import { requireAgents } from "./orchestration-agents.ts";
import { advanceAndDispatch } from "./read-orchestrations.ts";

/** The whole run is held at once; its steps are started afterwards, here or by a sweep. */
export const runOrchestration = change({
  endpoint: "POST /v1/orchestrations/:orchestrationId/runs",
  summary:
    "Start a run with this request's key; what its steps may cost is held at once. An Idempotency-Key makes repeating it harmless.",
  authenticate: "api-key",
  scope: "execute",
  needsToo: toStartLater,
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
  read: async ({ caller: { owner }, params: { orchestrationId }, body, ids, deps }) => {
    const { store } = deps;
    const found = await store.require(orchestrations.of(owner, orchestrationId));
    const { value } = found;
    const repeatableId = ids.ofRequest("orchestrationRun");
    const id = repeatableId ?? ids.next("orchestrationRun");
    const [environment, models, earlier] = await allInOrder([
      store.require(environments.of(owner, value.environmentId)),
      requireAgents(store, owner, { steps: value.steps }),
      repeatableId === null ? null : store.get(orchestrationRuns.of(owner, orchestrationId, id)),
    ]);
    const request = ["run", orchestrationId, body];
    const requestSha256 = repeatableId === null ? null : requestDigest(request);
    const parts = { orchestration: value, environment: environment.value, models };
    return { ...parts, found, id, request, requestSha256, earlier: earlier?.value ?? null };
  },
  idempotency: {
    // A run is found below its orchestration.
    space: ({ caller: { owner }, params: { orchestrationId } }) => [
      ...idempotencySpace(owner),
      orchestrationId,
    ],
    earlier: ({ data: { earlier, request } }) =>
      earlier && {
        isSame: isSameRequest(earlier.requestSha256 ?? "", { request, asStated: request }),
        answer: () => ok({ run: orchestrationRunBody(earlier) }),
      },
  },
  decide({ caller: { owner, key }, body, data, account, now }) {
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { id, orchestration, environment } = data;
    if (orchestration.status === "archived") {
      const message = "The orchestration is archived: make it active before it is run.";
      throw new ApiError("CONFLICT", { message });
    }
    if (holds(account, environment.id)) {
      const message = "The environment is held in an incident; nothing starts in it.";
      throw new ApiError("FORBIDDEN", { message });
    }
    const { run, account: held } = newRun(body, { key, account, now, ...data });
    return {
      writes: [
        create(orchestrationRuns.of(owner, orchestration.id, id), run),
        // A deletion has erased all runs; none may be stored below it afterwards (DAT-3).
        unchanged(data.found),
      ],
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
