/** A plan as the policy tests read it: what would be created, with every known value. */
import { readFileSync } from "node:fs";
import { inject, TestRunner } from "vitest";
import * as z from "zod";
import { isPlannedNow, type PlanName } from "./plans.ts";

const Values = z.record(z.string(), z.unknown());

const Resource = z.object({
  /** `module.storage.google_storage_bucket.default["archive"]` */
  address: z.string(),
  mode: z.enum(["managed", "data"]),
  type: z.string(),
  name: z.string(),
  index: z.union([z.string(), z.number()]).optional(),
  /** Values that are known in advance; the rest is left out. */
  values: Values,
});
export type PlannedResource = z.infer<typeof Resource>;

interface Module {
  readonly resources?: PlannedResource[] | undefined;
  readonly child_modules?: Module[] | undefined;
}
const Module: z.ZodType<Module> = z.object({
  resources: z.array(Resource).optional(),
  get child_modules() {
    return z.array(Module).optional();
  },
});

const File = z.object({
  planned_values: z.object({
    root_module: Module,
    outputs: z.record(z.string(), z.object({ value: z.unknown().optional() })).default({}),
  }),
});

export interface Plan {
  /** All resources that would be created, or all of one type. */
  resources(type?: string): readonly PlannedResource[];
  /** The resource with this full address; its `[0]` may be left out. @throws if there is none */
  resource(address: string): PlannedResource;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The whole plan as Terraform prints it, to search for what mustn't be there. */
  readonly text: string;
}

const read = new Map<string, Plan>();

/** Whether there are plans; without Terraform or its provider every policy test is skipped. */
export const isPlanned = inject("plans").missing === null;

/** One of the run's plans. @throws for one that was to be refused */
export function planOf(name: PlanName): Plan {
  const known = read.get(name);
  if (known !== undefined) return known;
  const text = textOf(name);
  const { planned_values: planned } = File.parse(JSON.parse(text));
  const all = flatten(planned.root_module);
  const plan: Plan = {
    resources: (type) => all.filter((each) => type === undefined || each.type === type),
    resource(address) {
      const found = all.find((each) => single(each.address) === single(address));
      if (found === undefined) throw new Error(`the plan "${name}" has no ${address}`);
      return found;
    },
    outputs: Object.fromEntries(
      Object.entries(planned.outputs).map(([output, { value }]) => [output, value]),
    ),
    text,
  };
  read.set(name, plan);
  return plan;
}

/** Terraform's message for a plan that was to be refused. */
export function refusalOf(name: PlanName): string {
  // Terraform wraps messages in a box; this joins the lines again.
  return textOf(name).replaceAll(/\s*\n[│╵╷\s]*/g, " ");
}

/** An address, without the `[0]` of what is there once or not at all. */
function single(address: string): string {
  return address.replaceAll("[0]", "");
}

function textOf(name: PlanName): string {
  const file = inject("plans").files[name];
  if (file !== undefined) return readFileSync(file, "utf8");
  // Skips the test, because another commit tries it.
  if (!isPlannedNow(name)) TestRunner.getCurrentTest()?.context.skip(`"${name}" isn't planned now`);
  throw new Error(`nothing was planned as "${name}"`);
}

function flatten({ resources = [], child_modules: inner = [] }: Module): PlannedResource[] {
  return [...resources.filter(({ mode }) => mode === "managed"), ...inner.flatMap(flatten)];
}
