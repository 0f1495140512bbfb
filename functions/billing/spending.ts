/**
 * Sums of what was spent in a span of time. The database adds them up, and bills one read per
 * thousand ledger entries, and at least one per sum. `sums-by-day.ts` sums many days with few
 * queries.
 */
import pMap from "p-map";
import type { Owner } from "#shared/identity/owner";
import { ledger } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import type { Span } from "./period.ts";
import { type DaySum, type Series, sumsByDay } from "./sums-by-day.ts";

/** How many sums of a breakdown run at once. */
const togetherMax = 8;
export type Dimension = "environmentId" | "agentId" | "projectId" | "model";

export interface SpendingQuery {
  readonly span: Span;
  /** Limits the sum to one environment, agent, project or model. */
  readonly where?: readonly (readonly [dimension: Dimension, id: string])[];
}

const none: DaySum = { count: 0, sums: [] };

export interface Spent {
  readonly microusd: number;
  readonly executions: number;
}

/** The charges of executions that ended in the span. */
export async function spentIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: SpendingQuery,
): Promise<Spent> {
  const { collection, where: charges, fields } = chargesOf(owner);
  const between = { field: "createdAt", ...span };
  return asSpent(await store.sum(collection, { where: [...charges, ...where], between, fields }));
}

/** The charges of executions by the day on which they ended. */
export async function spentByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly Spent[]> {
  return (await sumsByDay(store, chargesOf(owner), days)).map(asSpent);
}

function chargesOf(owner: Owner) {
  const where = [["type", "charge"]] as const;
  const fields = ["amountMicrousd"];
  return { owner, collection: ledger.all(owner), where, fields } satisfies Series;
}

function asSpent({ count, sums }: DaySum): Spent {
  return { microusd: 0 - (sums[0] ?? 0), executions: count };
}

export interface ThreadTotals {
  readonly threads: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicrousd: number;
}

/** The number of threads that began in the span, and their tokens and cost so far. */
export async function threadTotalsIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: SpendingQuery,
): Promise<ThreadTotals> {
  const { collection, fields } = threadsOf(owner);
  const between = { field: "createdAt", ...span };
  return asThreadTotals(await store.sum(collection, { where, between, fields }));
}

/** The same by the day on which the threads began. */
export async function threadTotalsByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly ThreadTotals[]> {
  return (await sumsByDay(store, threadsOf(owner), days)).map(asThreadTotals);
}

function threadsOf(owner: Owner) {
  const fields = ["inputTokens", "outputTokens", "costMicrousd"] as const;
  return { owner, collection: threads.all(owner), fields } satisfies Series;
}

function asThreadTotals({ count, sums }: DaySum): ThreadTotals {
  const [inputTokens = 0, outputTokens = 0, costMicrousd = 0] = sums;
  return { threads: count, inputTokens, outputTokens, costMicrousd };
}

/** The charges in the span, and the threads that began in it. */
export async function totalsIn(
  store: ReadStore,
  owner: Owner,
  part: SpendingQuery,
): Promise<Spent & ThreadTotals> {
  const [spent, threadTotals] = await Promise.all([
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
  const [spent, threadTotals] = await Promise.all([
    spentByDay(store, owner, days),
    threadTotalsByDay(store, owner, days),
  ]);
  return days.map((span, index) => ({
    span,
    ...(spent[index] ?? asSpent(none)),
    ...(threadTotals[index] ?? asThreadTotals(none)),
  }));
}

/** Runs a query for each item, a bounded number at a time; results are in the items' order. */
export async function ofEach<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  return await pMap(all, ask, { concurrency: togetherMax });
}
