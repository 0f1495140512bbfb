import { noParams, noQuery, ok } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { EgressReply, EgressRequest } from "#shared/protocol/runner";
import { isConflict } from "#shared/store/answered";
import { addToEgressLog } from "#shared/store/executions";
import { requireRunning } from "./live-executions.ts";

const bodyBytesMax = 512 * 1024;

export const storeEgress = route({
  answers: "POST /internal/executions/egress",
  summary: "Store a batch of attempts to reach others; one that was stored before changes nothing.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: EgressRequest,
  bodyBytesMax,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: { 200: EgressReply },
  // Like events: one write and no read.
  read: async ({ caller: { owner, id, claims }, body, deps, now }) => {
    await requireRunning(deps, owner, claims);
    try {
      await deps.store.commit([addToEgressLog(owner, id, { ...body, now })]);
    } catch (error) {
      // The answer to the first try was lost.
      if (!isConflict(error)) throw error;
    }
  },
  decide: () => ({ writes: [], reply: ok({ stored: true }) }),
});
