/**
 * What an argument of a planned resource names. An id that only an apply makes isn't in the plan's
 * values; the configuration that Terraform prints with the plan says whose it will be.
 */
import * as z from "zod";
import { planOf } from "./plan.ts";
import type { PlanName } from "./plans.ts";

interface Module {
  readonly resources: { readonly address: string; readonly expressions?: unknown }[];
  readonly module_calls: Readonly<Record<string, { readonly module: Module }>>;
}
const Module: z.ZodType<Module> = z.object({
  resources: z
    .array(z.object({ address: z.string(), expressions: z.unknown().optional() }))
    .default([]),
  get module_calls() {
    return z.record(z.string(), z.object({ module: Module })).default({});
  },
});
const File = z.object({ configuration: z.object({ root_module: Module }) });
const Expression = z.object({ references: z.array(z.string()) });

/**
 * @param address Without keys: `module.edge.google_compute_backend_service.default`.
 * @param path To the argument: `["backend", "group"]`.
 * @returns `["google_compute_…_group.default", "each.key"]`, without a whole resource's attributes.
 */
export function referencesOf(
  name: PlanName,
  address: string,
  ...path: readonly string[]
): readonly string[] {
  let module = File.parse(JSON.parse(planOf(name).text)).configuration.root_module;
  const inside = [...address.matchAll(/module\.(\w+)\./g)].map(([, call = ""]) => call);
  for (const call of inside) {
    const called = module.module_calls[call];
    if (called === undefined) throw new Error(`the plan "${name}" calls no module ${call}`);
    module = called.module;
  }
  const own = address.replace(/^.*module\.\w+\./, "");
  const resource = module.resources.find((each) => each.address === own);
  if (resource === undefined) throw new Error(`the plan "${name}" declares no ${address}`);
  return path
    .reduce<unknown[]>(
      (found, part) => found.flatMap((each) => memberOf(each, part)),
      [resource.expressions],
    )
    .flatMap((each) => Expression.safeParse(each).data?.references ?? []);
}

function memberOf(value: unknown, name: string): unknown[] {
  const blocks = Array.isArray(value) ? value : [value];
  return blocks.flatMap((block) => z.record(z.string(), z.unknown()).parse(block)[name] ?? []);
}
