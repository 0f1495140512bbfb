/**
 * What was spent in a span of time, summed where the ledger lies. A sum costs a read per thousand
 * lines, at least one: a month by days 62 reads, a year 732, which is a twentieth of a cent.
 */
import pMap from "p-map";
import type { Owner } from "#shared/identity/owner";
import { ledger } from "#shared/store/owners";
import type { Store } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import type { Span } from "./period.ts";

/** How many sums are asked for at once. */
const togetherMax = 40;
/** A list by days covers no more of them: the newest. */
export const daysMax = 366;

export type Dimension = "environmentId" | "agentId" | "projectId" | "model";

export interface Part {
  readonly span: Span;
  /** Of one environment, agent, project or model alone. */
  readonly where?: readonly (readonly [dimension: Dimension, id: string])[];
}

export interface Spent {
  readonly microusd: number;
  readonly executions: number;
}

/** What executions that ended in it were charged. */
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

/** The threads that began in it, and what they have used and cost by now. */
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

/** Asks of each, a bounded number at once; the answers in the same order. */
export async function ofEach<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  return await pMap(all, ask, { concurrency: togetherMax });
}
