import * as z from "zod";
import { projectOf } from "#shared/answers/project-of";
import { iso, noParams, noQuery, ok, usd } from "#shared/contract/common";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import { query } from "#shared/pipeline/route";
import { Execution, executions } from "#shared/store/executions";
import { owners } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import { storageUsageId, storageUsages } from "#shared/store/usage";

const shared = {
  authenticate: "api-key",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
} as const;

export const whoseAccount = query({
  ...shared,
  endpoint: "GET /v1/account",
  summary: "Whose account the key is of.",
  scope: "account:read",
  reply: { 200: z.object({ userId: z.string() }) },
  read: "nothing",
  answer: ({ caller: { owner } }) => ok({ userId: owner.id }),
});

const Stats = z.object({
  threadCount: z.int(),
  runCount: z.int(),
  totalTokens: z.int(),
  totalCost: z.number(),
  storageBytes: z.int(),
});
const Project = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  description: z.null(),
  type: z.literal("cloud"),
  metadata: z.null(),
  tags: z.array(z.never()),
  createdAt: z.string(),
  updatedAt: z.string(),
  stats: Stats,
});

export const getProject = query({
  ...shared,
  endpoint: "GET /v1/project",
  summary: "The account's one project, and what is in it that the key may see.",
  scope: "account:read",
  reply: { 200: z.object({ project: Project }) },
  read: async ({ caller: { owner }, deps: { store } }) => {
    const [profile, usage, runs, totals] = await allInOrder([
      store.require(owners.doc(owner.id)),
      store.get(storageUsages.of(owner, storageUsageId)),
      store.sum(executions.all(owner), { fields: [] }),
      totalsOf(store, owner),
    ]);
    return { profile: profile.value, usage: usage.value, runs: runs.count, totals };
  },
  answer({ caller: { owner }, data: { profile, usage, runs, totals } }) {
    const createdAt = iso(profile.createdAt);
    return ok({
      project: {
        ...{ id: projectOf(owner.id), userId: owner.id, name: profile.name, description: null },
        ...{ type: "cloud" as const, metadata: null, tags: [], createdAt, updatedAt: createdAt },
        stats: {
          threadCount: totals.threads,
          runCount: runs,
          totalTokens: totals.tokens,
          totalCost: usd(totals.costMicrousd),
          storageBytes: Math.max(0, usage?.bytes ?? 0),
        },
      },
    });
  },
});

const errorsMax = 10;
const FailedRun = Execution.pick({ id: true, threadId: true, reason: true, createdAt: true });

const Metrics = z.object({
  totalExecutions: z.int(),
  successfulExecutions: z.int(),
  failedExecutions: z.int(),
  /** Milliseconds of computing per execution that ended. */
  averageDuration: z.number(),
  totalTokensUsed: z.int(),
  totalCost: z.number(),
  activeSessions: z.int(),
  recentErrors: z.array(
    z.object({
      runId: z.string(),
      threadId: z.string(),
      reason: z.string().nullable(),
      timestamp: z.string(),
    }),
  ),
  successRate: z.string(),
});

export const getMetrics = query({
  ...shared,
  endpoint: "GET /v1/metrics",
  summary: "Counts of all executions that the key may see, what they cost, and the last failures.",
  scope: "billing:read",
  reply: { 200: Metrics },
  read: async ({ caller: { owner }, deps: { store } }) => {
    const all = executions.all(owner);
    const count = async (status?: Execution["status"]) => {
      const where = status === undefined ? [] : [["status", status] as const];
      return (await store.sum(all, { where, fields: [] })).count;
    };
    const failures = {
      where: [["status", "failed"] as const],
      orderBy: [["createdAt", "desc"] as const],
      limit: errorsMax,
    };
    const [total, succeeded, failed, cancelled, running, errors, totals] = await allInOrder([
      ...[count(), count("success"), count("failed"), count("cancelled"), count("running")],
      store.findParts(all, FailedRun, failures),
      totalsOf(store, owner),
    ] as const);
    return { total, succeeded, failed, cancelled, running, errors, totals };
  },
  answer({ data: { total, succeeded, failed, cancelled, running, errors, totals } }) {
    const ended = succeeded + failed + cancelled;
    const percentage = (100 * succeeded) / Math.max(1, succeeded + failed);
    return ok({
      totalExecutions: total,
      successfulExecutions: succeeded,
      failedExecutions: failed,
      averageDuration: ended === 0 ? 0 : Math.round(totals.computeMs / ended),
      totalTokensUsed: totals.tokens,
      totalCost: usd(totals.costMicrousd),
      activeSessions: running,
      recentErrors: errors.map(({ id, threadId, reason, createdAt }) => ({
        ...{ runId: id, threadId, reason, timestamp: iso(createdAt) },
      })),
      successRate: `${Math.round(percentage)}%`,
    });
  },
});

/** Sums over the threads; each is a query of its own, so none needs an index of several fields. */
async function totalsOf(store: ReadStore, owner: Owner) {
  const all = threads.all(owner);
  const sum = async (field: string) => await store.sum(all, { fields: [field] });
  const [input, output, cost, compute] = await allInOrder(
    ["inputTokens", "outputTokens", "costMicrousd", "computeMs"].map(sum),
  );
  return {
    threads: cost?.count ?? 0,
    tokens: (input?.sums[0] ?? 0) + (output?.sums[0] ?? 0),
    costMicrousd: cost?.sums[0] ?? 0,
    computeMs: compute?.sums[0] ?? 0,
  };
}
