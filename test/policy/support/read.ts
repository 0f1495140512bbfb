import type * as z from "zod";
import { planOf } from "./plan.ts";
import type { PlanName } from "./plans.ts";

export interface Read<T> {
  readonly address: string;
  /** Its key among resources of the same block; its name if it is the only one. */
  readonly key: string;
  readonly values: T;
}

/** Every resource of a type, parsed with `schema`, which names the values that matter. */
export function readAll<S extends z.ZodType>(
  name: PlanName,
  type: string,
  schema: S,
): readonly Read<z.output<S>>[] {
  return planOf(name)
    .resources(type)
    .map((each) => ({
      address: each.address,
      key: String(each.index ?? each.name),
      values: schema.parse(each.values),
    }));
}

/** `"5184000s"` and `5184000` as days. */
export function days(seconds: string | number): number {
  return Number(String(seconds).replace(/s$/, "")) / 86_400;
}
