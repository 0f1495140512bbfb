/** Sums what was spent in a span of time by environment, agent, project, source or model. */

import type { ExecutionSource } from "#shared/core/executions/sources";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { namesById } from "#shared/store/names";
import { ledger } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";
import type { Span } from "./period.ts";
import {
  type Dimension,
  ofEach,
  type Spent,
  spentIn,
  type ThreadTotals,
  threadTotalsIn,
} from "./spending.ts";

/**
 * The most groups; all others are summed in one. Each group costs one read to find it, one to name
 * it and three to sum it.
 */
const groupsMax = 50;

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly spent: Spent;
  readonly threadTotals: ThreadTotals;
}

const noThreads: ThreadTotals = { threads: 0, costMicrousd: 0 };

/** The groups by cost, highest first, and at the end what belongs to none of them. */
export async function breakdown(
  store: ReadStore,
  owner: Owner,
  { span, by }: { readonly span: Span; readonly by: Dimension },
): Promise<readonly Group[]> {
  const all = await store.distinct(ledger.all(owner), by, groupsMax);
  const { environmentIds } = owner;
  // A key that is limited to environments sees the others' costs as a sum without a name.
  const isHidden = (id: string) => by === "environmentId" && environmentIds?.includes(id) === false;
  const ids = all.filter((id) => !isHidden(id));
  const [total, allThreads, names, groups] = await allInOrder([
    spentIn(store, owner, { span }),
    threadTotalsIn(store, owner, { span }),
    namesOf(store, owner, { ids, by }),
    ofEach(ids, async (id) => {
      const part = { span, where: [[by, id]] } as const;
      // A model belongs to a message, not to a thread.
      const [spent, threadTotals] = await allInOrder([
        spentIn(store, owner, part),
        by === "model" ? noThreads : threadTotalsIn(store, owner, part),
      ]);
      return { id, spent, threadTotals };
    }),
  ]);
  const named = groups.map((group) => ({ ...group, name: names.get(group.id) ?? group.id }));
  const rest = restOf(named, { spent: total, threadTotals: allThreads });
  return [...named, ...(by === "model" ? [{ ...rest, threadTotals: noThreads }] : [rest])]
    .filter(({ spent, threadTotals }) => spent.executions > 0 || threadTotals.threads > 0)
    .sort((a, b) => Number(a.id === "none") - Number(b.id === "none") || dearer(a, b));
}

function dearer(a: Group, b: Group): number {
  return b.spent.microusd - a.spent.microusd;
}

const sourceNames: Readonly<Record<ExecutionSource, string>> = {
  api: "API",
  schedule: "Schedules",
  trigger: "Triggers",
  orchestration: "Orchestrations",
};

/**
 * At least zero: a charge that comes between two queries may be in a group and not in the total.
 */
function restOf(groups: readonly Group[], total: Pick<Group, "spent" | "threadTotals">): Group {
  const left = (count: (group: Pick<Group, "spent" | "threadTotals">) => number) =>
    Math.max(0, count(total) - groups.reduce((sum, group) => sum + count(group), 0));
  return {
    id: "none",
    name: "Everything else",
    spent: {
      microusd: left(({ spent }) => spent.microusd),
      executions: left(({ spent }) => spent.executions),
      modelMicrousd: left(({ spent }) => spent.modelMicrousd),
      inputTokens: left(({ spent }) => spent.inputTokens),
      cacheTokens: left(({ spent }) => spent.cacheTokens),
      outputTokens: left(({ spent }) => spent.outputTokens),
    },
    threadTotals: {
      threads: left(({ threadTotals }) => threadTotals.threads),
      costMicrousd: left(({ threadTotals }) => threadTotals.costMicrousd),
    },
  };
}

async function namesOf(
  store: ReadStore,
  owner: Owner,
  filter: { readonly ids: readonly string[]; readonly by: Dimension },
): Promise<ReadonlyMap<string, string>> {
  if (filter.by === "source") return new Map(Object.entries(sourceNames));
  const named = { environmentId: environments, agentId: agents } as const;
  if (filter.ids.length === 0 || (filter.by !== "environmentId" && filter.by !== "agentId"))
    return new Map();
  const collection = named[filter.by];
  return await namesById(
    store,
    filter.ids.map((id) => collection.of(owner, id)),
  );
}
