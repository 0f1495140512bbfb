import * as z from "zod";
import { orchestrationBody } from "#shared/answers/orchestration-body";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery } from "#shared/contract/common";
import { OrchestrationBody, OrchestrationCreate } from "#shared/contract/orchestration";
import { Warnings } from "#shared/contract/unsupported";
import { existingEnvironment } from "#shared/environments/body-ids";
import { environmentWrites } from "#shared/environments/default-environment";
import { allInOrder } from "#shared/errors/all-in-order";
import { toStartLater } from "#shared/keys/further-scopes";
import { newOrchestration } from "#shared/orchestrations/new-orchestration";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { create } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { orchestrations } from "#shared/store/orchestrations";
import { coordinatorWarnings, requireAgents } from "./orchestration-agents.ts";

export const createOrchestration = change({
  endpoint: "POST /v1/orchestrations",
  summary: "Create an orchestration: steps that run in one environment, each with its own agent.",
  authenticate: "api-key",
  scope: "schedules:write",
  needsToo: toStartLater,
  params: noParams,
  query: noQuery,
  body: OrchestrationCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "orchestration.created",
  reply: { 201: z.object({ orchestration: OrchestrationBody, warnings: Warnings }) },
  read: async ({ caller: { owner }, body, repeated, deps: { store } }) => {
    const { environmentId } = body;
    const [counted, found] = await allInOrder([
      countOwnedIfRepeated(store, owner, { kind: "orchestrations", repeated }),
      existingEnvironment(environmentId, (id) => store.get(environments.of(owner, id))),
      requireAgents(store, owner, body),
    ]);
    return { counted, found };
  },
  decide({ caller: { owner }, body, data: { counted, found }, account, ids, now }) {
    const { quotas } = deploymentLimits();
    const orchestration = newOrchestration(body, {
      id: ids.next("orchestration"),
      environmentId: found.environment.id,
      newStepId: () => ids.next("orchestrationStep"),
      now,
    });
    const { id, strategy, steps } = orchestration;
    return {
      writes: [
        ...environmentWrites(owner, found),
        create(orchestrations.of(owner, id), orchestration),
      ],
      account: withOneMoreOwned(account, { kind: "orchestrations", counted, quotas }, now),
      subject: id,
      facts: { environmentId: found.environment.id, strategy, steps: steps.length },
      reply: created({
        orchestration: orchestrationBody(orchestration, owner.id),
        warnings: coordinatorWarnings(body),
      }),
    };
  },
});
