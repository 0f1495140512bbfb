import * as z from "zod";
import { iso, noParams, ok } from "#shared/contract/common";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";

/** The most workspaces in the list; the total counts all of them. */
const listedMax = 100;
const Listed = environments.schema.pick({ id: true, name: true, workspace: true, updatedAt: true });

export const getWorkspaceUsage = query({
  endpoint: "GET /v1/billing/usage/workspace",
  summary: "The stored bytes of each environment's workspace; `projectId` is the environment's id.",
  ...ownedRead("billing:read"),
  params: noParams,
  reply: {
    200: z.object({
      workspaces: z.array(
        z.object({
          projectId: z.string(),
          projectName: z.string(),
          storageBytes: z.int(),
          fileCount: z.int(),
          lastAccessed: z.string(),
        }),
      ),
      total: z.object({ storageBytes: z.int(), projectCount: z.int() }),
    }),
  },
  read: async ({ caller: { owner }, deps: { store } }) => {
    const all = environments.all(owner);
    const [items, stored, counted] = await allInOrder([
      store.findParts(all, Listed, { orderBy: [["updatedAt", "desc"]], limit: listedMax }),
      // Environments whose workspace never held a file are left out.
      store.sum(all, { fields: ["workspace.totalBytes"] }),
      store.sum(all, { fields: [] }),
    ]);
    return { items, total: counted.count, storageBytes: stored.sums[0] ?? 0 };
  },
  answer({ data: { items, total, storageBytes } }) {
    const workspaces = items.map(({ id, name, workspace, updatedAt }) => ({
      projectId: id,
      projectName: name,
      storageBytes: workspace?.totalBytes ?? 0,
      fileCount: workspace?.fileCount ?? 0,
      lastAccessed: iso(updatedAt),
    }));
    return ok({ workspaces, total: { storageBytes, projectCount: total } });
  },
});
