/** A plan in a few lines: how much of what, and by name whatever would be lost. */
import * as z from "zod";

const Action = z.enum(["no-op", "create", "read", "update", "delete", "forget"]);
const Change = z.object({
  address: z.string(),
  module_address: z.string().optional(),
  type: z.string(),
  mode: z.string().default("managed"),
  change: z.object({ actions: z.array(Action) }),
});
/** What `terraform show -json` says of a plan, as far as it is read here. */
export const Plan = z.object({ resource_changes: z.array(Change).default([]) });
export type Plan = z.infer<typeof Plan>;

type Kind = "create" | "change" | "replace" | "destroy" | "forget";

export interface ModuleCounts {
  /** Of the module, without instances; `root` for what stands in none. */
  readonly module: string;
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
}

export interface PlanSummary {
  readonly modules: readonly ModuleCounts[];
  /** Addresses of what would be destroyed, or destroyed and made anew. */
  readonly lost: readonly { readonly address: string; readonly isReplaced: boolean }[];
  readonly isEmpty: boolean;
}

export function summarise(plan: Plan): PlanSummary {
  const modules = new Map<string, Partial<Record<Kind, number>>>();
  const lost: { address: string; isReplaced: boolean }[] = [];
  for (const { address, module_address: inside, mode, change } of plan.resource_changes) {
    const kind = kindOf(change.actions);
    if (kind === null || mode !== "managed") continue;
    const module = (inside ?? "root").replace(/\[[^\]]*\]/g, "").replace(/^module\./, "");
    const counts = modules.get(module) ?? {};
    counts[kind] = (counts[kind] ?? 0) + 1;
    modules.set(module, counts);
    if (kind === "destroy" || kind === "replace") {
      lost.push({ address, isReplaced: kind === "replace" });
    }
  }
  const sorted = [...modules].sort(([a], [b]) => a.localeCompare(b));
  return {
    modules: sorted.map(([module, counts]) => ({ module, counts })),
    lost,
    isEmpty: modules.size === 0,
  };
}

function kindOf(actions: readonly z.infer<typeof Action>[]): Kind | null {
  const [makes, ends] = [actions.includes("create"), actions.includes("delete")];
  if (makes && ends) return "replace";
  if (makes) return "create";
  if (ends) return "destroy";
  if (actions.includes("update")) return "change";
  return actions.includes("forget") ? "forget" : null;
}

/** One line for each module, one for each loss. */
export function summaryLines({ modules, lost, isEmpty }: PlanSummary): string[] {
  if (isEmpty) return ["nothing to change"];
  const width = Math.max(...modules.map(({ module }) => module.length));
  const lines = modules.map(({ module, counts }) => {
    const said = Object.entries(counts).map(([kind, count]) => `${count} to ${kind}`);
    return `${module.padEnd(width)}  ${said.join(", ")}`;
  });
  return [
    ...lines,
    ...lost.map(({ address, isReplaced }) =>
      isReplaced ? `destroys and makes anew: ${address}` : `destroys: ${address}`,
    ),
  ];
}
