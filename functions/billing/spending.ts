/**
 * What was spent in a span of time, summed by the database. A sum costs one read per thousand
 * lines, and at least one: a month by days takes 62 reads, a year 732, which costs a twentieth of a
 * cent.
 */
import pMap from "p-map";
import type { Owner } from "#shared/identity/owner";
import { ledger } from "#shared/store/owners";
import type { Store } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import type { Span } from "./period.ts";

/** How many sums are requested at once. */
const togetherMax = 40;
/** The most days in a list; the newest ones are shown. */
export const daysMax = 366;

export type Dimension = "environmentId" | "agentId" | "projectId" | "model";

export interface Part {
  readonly span: Span;
  /** Limits the sum to one environment, agent, project or model. */
  readonly where?: readonly (readonly [dimension: Dimension, id: string])[];
}

export interface Spent {
  readonly microusd: number;
  readonly executions: number;
}

/** What executions that ended in the span were charged. */
export async function spentIn(
  store: Store,
  owner: Owner,
  { span, where = [] }: Part,
): Promise<Spent> {
  const { count, sums } = await store.sum(ledger.all(owner), {
    where: [["type", "charge"], ...where],
    between: { field: "createdAt", ...span },
    fields: ["amountMicrousd"],
  });
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
  store: Store,
  owner: Owner,
  { span, where = [] }: Part,
): Promise<Begun> {
  const { count, sums } = await store.sum(threads.all(owner), {
    where,
    between: { field: "createdAt", ...span },
    fields: ["inputTokens", "outputTokens", "costMicrousd"],
  });
  const [inputTokens = 0, outputTokens = 0, costMicrousd = 0] = sums;
  return { threads: count, inputTokens, outputTokens, costMicrousd };
}

/** Both at once. */
export async function spentAndBegunIn(
  store: Store,
  owner: Owner,
  part: Part,
): Promise<Spent & Begun> {
  const [spent, begun] = await Promise.all([
    spentIn(store, owner, part),
    begunIn(store, owner, part),
  ]);
  return { ...spent, ...begun };
}

/** Asks for each of them, a bounded number at once, and keeps their order. */
export async function ofEach<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  return await pMap(all, ask, { concurrency: togetherMax });
}
