/**
 * Summarises a plan in a few lines: the number of changes per module, and the name of everything
 * that would be destroyed.
 */
import * as z from "zod";

const Action = z.enum(["no-op", "create", "read", "update", "delete", "forget"]);
const Change = z.object({
  address: z.string(),
  module_address: z.string().optional(),
  type: z.string(),
  mode: z.string().default("managed"),
  change: z.object({
    actions: z.array(Action),
    before: z.record(z.string(), z.unknown()).nullish(),
    after: z.record(z.string(), z.unknown()).nullish(),
  }),
});
/** The parts of `terraform show -json` that are read here. */
export const Plan = z.object({ resource_changes: z.array(Change).default([]) });
export type Plan = z.infer<typeof Plan>;

type Kind = "create" | "change" | "replace" | "destroy" | "forget";

export interface ModuleCounts {
  /** The module's name without instances; `root` for resources outside of modules. */
  readonly module: string;
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
}

export interface PlanSummary {
  readonly modules: readonly ModuleCounts[];
  /** Addresses of what would be destroyed, or destroyed and recreated. */
  readonly lost: readonly { readonly address: string; readonly isReplaced: boolean }[];
  /** Names of buckets and log buckets whose retention would be locked for good. */
  readonly locks: readonly string[];
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
    locks: plan.resource_changes.flatMap(lockOf),
    isEmpty: modules.size === 0,
  };
}

const Locked = z.union([
  z.object({ bucket_id: z.string(), locked: z.literal(true) }),
  z.object({
    name: z.string(),
    retention_policy: z.tuple([z.object({ is_locked: z.literal(true) })]),
  }),
]);

/** The name of what this change locks for good; none if it is locked already. */
function lockOf({ change }: z.infer<typeof Change>): string[] {
  const after = Locked.safeParse(change.after);
  if (!after.success || Locked.safeParse(change.before).success) return [];
  return ["bucket_id" in after.data ? after.data.bucket_id : after.data.name];
}

/** What is made of these types, with its values as far as they are known. */
export function createdIn(
  plan: Plan,
  types: readonly string[],
): { readonly address: string; readonly values: Readonly<Record<string, unknown>> }[] {
  return plan.resource_changes
    .filter(({ type, change }) => types.includes(type) && change.actions.includes("create"))
    .map(({ address, change }) => ({ address, values: change.after ?? {} }));
}

function kindOf(actions: readonly z.infer<typeof Action>[]): Kind | null {
  const [makes, ends] = [actions.includes("create"), actions.includes("delete")];
  if (makes && ends) return "replace";
  if (makes) return "create";
  if (ends) return "destroy";
  if (actions.includes("update")) return "change";
  return actions.includes("forget") ? "forget" : null;
}

/** One line per module, and one for each resource that would be destroyed. */
export function summaryLines({ modules, lost, locks, isEmpty }: PlanSummary): string[] {
  if (isEmpty) return ["nothing to change"];
  const width = Math.max(...modules.map(({ module }) => module.length));
  const lines = modules.map(({ module, counts }) => {
    const said = Object.entries(counts).map(([kind, count]) => `${count} to ${kind}`);
    return `${module.padEnd(width)}  ${said.join(", ")}`;
  });
  return [
    ...lines,
    ...lost.map(({ address, isReplaced }) =>
      isReplaced ? `destroys and recreates: ${address}` : `destroys: ${address}`,
    ),
    ...locks.map((name) => `locks for good, which nobody can undo: ${name}`),
  ];
}
