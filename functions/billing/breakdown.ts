/** What was spent in a span of time, grouped by what it was spent on. */
import type { Owner } from "#shared/identity/owner";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { namesById } from "#shared/store/names";
import { ledger } from "#shared/store/owners";
import type { Store } from "#shared/store/store";
import type { Span } from "./period.ts";
import { type Begun, begunIn, type Dimension, ofEach, type Spent, spentIn } from "./spending.ts";

/** Each group takes a read to find, one to name and two to sum up; the rest is shown as one. */
const groupsMax = 50;

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly spent: Spent;
  readonly begun: Begun;
}

const nothingBegun: Begun = { threads: 0, inputTokens: 0, outputTokens: 0, costMicrousd: 0 };

/** Most expensive first. Spending without a group comes last, so that the sum is complete. */
export async function breakdown(
  store: Store,
  owner: Owner,
  { span, by }: { readonly span: Span; readonly by: Dimension },
): Promise<readonly Group[]> {
  const ids = await store.distinct(ledger.all(owner), by, groupsMax);
  const [whole, begunInAll, names, groups] = await Promise.all([
    spentIn(store, owner, { span }),
    begunIn(store, owner, { span }),
    namesOf(store, owner, { ids, by }),
    ofEach(ids, async (id) => {
      const part = { span, where: [[by, id]] } as const;
      // A model belongs to a message, not to a thread.
      const [spent, begun] = await Promise.all([
        spentIn(store, owner, part),
        by === "model" ? nothingBegun : begunIn(store, owner, part),
      ]);
      return { id, spent, begun };
    }),
  ]);
  const named = groups.map((group) => ({ ...group, name: names.get(group.id) ?? group.id }));
  const rest = restOf(named, { spent: whole, begun: begunInAll });
  return [...named, ...(by === "model" ? [{ ...rest, begun: nothingBegun }] : [rest])]
    .filter(({ spent, begun }) => spent.executions > 0 || begun.threads > 0)
    .sort((a, b) => Number(a.id === "none") - Number(b.id === "none") || dearer(a, b));
}

function dearer(a: Group, b: Group): number {
  return b.spent.microusd - a.spent.microusd;
}

/** A settlement between two sums may be in a part and not yet in the whole, so never below zero. */
function restOf(groups: readonly Group[], whole: Pick<Group, "spent" | "begun">): Group {
  const left = (count: (group: Pick<Group, "spent" | "begun">) => number) =>
    Math.max(0, count(whole) - groups.reduce((sum, group) => sum + count(group), 0));
  return {
    id: "none",
    name: "Everything else",
    spent: {
      microusd: left(({ spent }) => spent.microusd),
      executions: left(({ spent }) => spent.executions),
    },
    begun: {
      threads: left(({ begun }) => begun.threads),
      inputTokens: left(({ begun }) => begun.inputTokens),
      outputTokens: left(({ begun }) => begun.outputTokens),
      costMicrousd: left(({ begun }) => begun.costMicrousd),
    },
  };
}

async function namesOf(
  store: Store,
  owner: Owner,
  filter: { readonly ids: readonly string[]; readonly by: Dimension },
): Promise<ReadonlyMap<string, string>> {
  const named = { environmentId: environments, agentId: agents } as const;
  if (filter.ids.length === 0 || (filter.by !== "environmentId" && filter.by !== "agentId"))
    return new Map();
  const collection = named[filter.by];
  return await namesById(
    store,
    filter.ids.map((id) => collection.of(owner, id)),
  );
}
