import * as z from "zod";
import { peppers } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { allInOrder } from "#shared/errors/all-in-order";
import { query } from "#shared/pipeline/route";
import { apiKeys } from "#shared/store/api-keys";
import type { ReadStore } from "#shared/store/store";

const Pepper = z.object({ id: z.string(), isCurrent: z.boolean(), liveKeys: z.int() });

export const listPeppers = query({
  endpoint: "GET /v1/admin/peppers",
  summary: "How many live keys each pepper still vouches for; one with none can be dropped.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: {
    200: z.object({
      data: z.array(Pepper),
      /** Keys from before the pepper was recorded; they may use any of them. */
      unknown: z.int(),
    }),
  },
  read: async ({ deps }) => {
    const { keys, current } = peppers();
    const [all, ...each] = await allInOrder([
      liveKeys(deps.store),
      ...Object.keys(keys).map(async (id) => {
        return { id, isCurrent: id === current, liveKeys: await liveKeys(deps.store, id) };
      }),
    ]);
    return { all, each };
  },
  answer({ data: { all, each } }) {
    const known = each.reduce((sum, { liveKeys: count }) => sum + count, 0);
    return ok({ data: each, unknown: Math.max(0, all - known) });
  },
});

async function liveKeys(store: ReadStore, pepperId?: string): Promise<number> {
  const live = ["revokedAt", null] as const;
  const where = pepperId === undefined ? [live] : [live, ["pepperId", pepperId] as const];
  return (await store.sum(apiKeys.all(), { where, fields: [] })).count;
}
