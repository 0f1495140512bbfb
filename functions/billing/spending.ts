/**
 * What was spent in a span of time, summed by the database. A sum costs one read per thousand
 * lines, and at least one. Sums of days are asked for in stretches (`sums-by-day.ts`).
 */
import pMap from "p-map";
import type { Owner } from "#shared/identity/owner";
import { ledger } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import type { Span } from "./period.ts";
import { type DaySum, type Series, sumsByDay } from "./sums-by-day.ts";

/** How many parts of a breakdown are summed at once. */
const togetherMax = 8;
/** The most days in a list; the newest ones are shown. */
export const daysMax = 366;

export type Dimension = "environmentId" | "agentId" | "projectId" | "model";

export interface Part {
  readonly span: Span;
  /** Limits the sum to one environment, agent, project or model. */
  readonly where?: readonly (readonly [dimension: Dimension, id: string])[];
}

const none: DaySum = { count: 0, sums: [] };

export interface Spent {
  readonly microusd: number;
  readonly executions: number;
}

/** What executions that ended in the span were charged. */
export async function spentIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: Part,
): Promise<Spent> {
  const { collection, where: charges, fields } = chargesOf(owner);
  const between = { field: "createdAt", ...span };
  return asSpent(await store.sum(collection, { where: [...charges, ...where], between, fields }));
}

/** What executions that ended on each of the days were charged. */
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

export interface Begun {
  readonly threads: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicrousd: number;
}

/** The threads that began in the span, and what they have used and cost so far. */
export async function begunIn(
  store: ReadStore,
  owner: Owner,
  { span, where = [] }: Part,
): Promise<Begun> {
  const { collection, fields } = threadsOf(owner);
  const between = { field: "createdAt", ...span };
  return asBegun(await store.sum(collection, { where, between, fields }));
}

/** The threads that began on each of the days, and what they have used and cost so far. */
export async function begunByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly Begun[]> {
  return (await sumsByDay(store, threadsOf(owner), days)).map(asBegun);
}

function threadsOf(owner: Owner) {
  const fields = ["inputTokens", "outputTokens", "costMicrousd"] as const;
  return { owner, collection: threads.all(owner), fields } satisfies Series;
}

function asBegun({ count, sums }: DaySum): Begun {
  const [inputTokens = 0, outputTokens = 0, costMicrousd = 0] = sums;
  return { threads: count, inputTokens, outputTokens, costMicrousd };
}

/** Both at once. */
export async function spentAndBegunIn(
  store: ReadStore,
  owner: Owner,
  part: Part,
): Promise<Spent & Begun> {
  const [spent, begun] = await Promise.all([
    spentIn(store, owner, part),
    begunIn(store, owner, part),
  ]);
  return { ...spent, ...begun };
}

/** Both at once, each with its day. */
export async function spentAndBegunByDay(
  store: ReadStore,
  owner: Owner,
  days: readonly Span[],
): Promise<readonly (Spent & Begun & { readonly span: Span })[]> {
  const [spent, begun] = await Promise.all([
    spentByDay(store, owner, days),
    begunByDay(store, owner, days),
  ]);
  return days.map((span, index) => ({
    span,
    ...(spent[index] ?? asSpent(none)),
    ...(begun[index] ?? asBegun(none)),
  }));
}

/** Asks for each of them, a bounded number at once, and keeps their order. */
export async function ofEach<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  return await pMap(all, ask, { concurrency: togetherMax });
}
