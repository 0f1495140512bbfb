/**
 * Sums of what was spent in a span of time. The database adds them up, and bills one read per
 * thousand ledger entries, and at least one per sum. `sums-by-day.ts` sums many days with few
 * queries.
 */

import pMap from "p-map";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import { ledger } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import type { Span } from "./period.ts";
import { type DaySum, type Series, sumsByDay } from "./sums-by-day.ts";

/** How many sums of a breakdown run at once. */
const togetherMax = 8;
export type Dimension = "environmentId" | "agentId" | "projectId" | "source" | "model";

export interface SpendingQuery {
  readonly span: Span;
  /** Limits the sum to one environment, agent, project, source or model. */
  readonly where?: readonly (readonly [dimension: Dimension, id: string])[];
}

const none: DaySum = { count: 0, sums: [] };

export interface Spent {
  readonly microusd: number;
  readonly executions: number;
  /** The part that is for model calls, and their tokens; input includes what was cached. */
  readonly modelMicrousd: number;
  readonly inputTokens: number;
  readonly cacheTokens: number;
  readonly outputTokens: number;
}

/** The charges of executions that ended in the span. */
export async function spentIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: SpendingQuery,
): Promise<Spent> {
  const between = { field: "createdAt", ...span };
  const sum = async ({ collection, where: charges, fields }: ReturnType<typeof chargesOf>) =>
    await store.sum(collection, { where: [...charges, ...where], between, fields });
  const [charges, calls] = await allInOrder([sum(chargesOf(owner)), sum(callsOf(owner))]);
  return asSpent(charges, calls);
}

/** The charges of executions by the day on which they ended. */
export async function spentByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly Spent[]> {
  const [charges, calls] = await allInOrder([
    sumsByDay(store, chargesOf(owner), days),
    sumsByDay(store, callsOf(owner), days),
  ]);
  return charges.map((sum, index) => asSpent(sum, calls[index] ?? none));
}

function chargesOf(owner: Owner) {
  const where = [["type", "charge"]] as const;
  const fields: readonly string[] = ["amountMicrousd"];
  return { owner, collection: ledger.all(owner), where, fields } satisfies Series;
}

/**
 * A sum of several fields leaves out lines that lack one of them, as older lines do, so these
 * aren't summed together with the amounts.
 */
function callsOf(owner: Owner) {
  const fields = ["modelMicrousd", "inputTokens", "cacheTokens", "outputTokens"];
  return { ...chargesOf(owner), fields } satisfies Series;
}

function asSpent({ count, sums }: DaySum, calls: DaySum): Spent {
  const [modelMicrousd = 0, inputTokens = 0, cacheTokens = 0, outputTokens = 0] = calls.sums;
  const tokens = { inputTokens, cacheTokens, outputTokens };
  return { microusd: 0 - (sums[0] ?? 0), executions: count, modelMicrousd, ...tokens };
}

export interface ThreadTotals {
  readonly threads: number;
  readonly costMicrousd: number;
}

/** The number of threads that began in the span, and their cost so far. */
export async function threadTotalsIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: SpendingQuery,
): Promise<ThreadTotals> {
  const { collection, fields } = threadsOf(owner);
  const between = { field: "createdAt", ...span };
  return asThreadTotals(await store.sum(collection, { where, between, fields }));
}

/** What the model calls of those threads have cost so far. */
export async function threadModelsIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: SpendingQuery,
): Promise<number> {
  const between = { field: "createdAt", ...span };
  const fields = ["modelCostMicrousd"];
  return (await store.sum(threads.all(owner), { where, between, fields })).sums[0] ?? 0;
}

/** The number of threads that began on each day, and their cost so far. */
async function threadTotalsByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly ThreadTotals[]> {
  return (await sumsByDay(store, threadsOf(owner), days)).map(asThreadTotals);
}

function threadsOf(owner: Owner) {
  const fields = ["costMicrousd"] as const;
  return { owner, collection: threads.all(owner), fields } satisfies Series;
}

function asThreadTotals({ count, sums }: DaySum): ThreadTotals {
  return { threads: count, costMicrousd: sums[0] ?? 0 };
}

/** The charges in the span, and the threads that began in it. */
export async function totalsIn(
  store: ReadStore,
  owner: Owner,
  part: SpendingQuery,
): Promise<Spent & ThreadTotals> {
  const [spent, threadTotals] = await allInOrder([
    spentIn(store, owner, part),
    threadTotalsIn(store, owner, part),
  ]);
  return { ...spent, ...threadTotals };
}

/** The charges of each day, and the threads that began on it. */
export async function totalsByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly (Spent & ThreadTotals & { readonly span: Span })[]> {
  const [spent, threadTotals] = await allInOrder([
    spentByDay(store, owner, days),
    threadTotalsByDay(store, owner, days),
  ]);
  return days.map((span, index) => ({
    span,
    ...(spent[index] ?? asSpent(none, none)),
    ...(threadTotals[index] ?? asThreadTotals(none)),
  }));
}

/** Runs a query for each item, a bounded number at a time; results are in the items' order. */
export async function ofEach<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  return await pMap(all, ask, { concurrency: togetherMax });
}
