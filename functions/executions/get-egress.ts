import * as z from "zod";
import { listBody, ok, PageQuery } from "#shared/contract/common";
import { EgressList, egressEntry } from "#shared/contract/egress";
import { idSchema } from "#shared/core/ids";
import { readEgress } from "#shared/executions/egress-log";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";

export const getEgress = query({
  endpoint: "GET /v1/executions/:executionId/egress",
  summary:
    "List an execution's connection attempts and their results, in the order in which they ended.",
  ...ownedRead("threads:read"),
  params: z.object({ executionId: idSchema("execution") }),
  query: PageQuery,
  reply: { 200: EgressList },
  read: async ({ caller: { owner }, params: { executionId }, query, now, deps }) =>
    await readEgress(deps.store, owner, { executionId, now, ...query }),
  answer({ data: { attempts, total, cut }, query: { offset } }) {
    const list = listBody(attempts.map(egressEntry), { offset, total });
    return ok({ ...list, cut_count: cut });
  },
});
