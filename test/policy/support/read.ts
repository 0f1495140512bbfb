import type * as z from "zod";
import { planOf } from "./plan.ts";
import type { PlanName } from "./plans.ts";

export interface Read<T> {
  readonly address: string;
  /** Its key among others of the same block; its name where there is one alone. */
  readonly key: string;
  readonly values: T;
}

/** Every resource of a type, its values read as `schema`: what that leaves out doesn't matter. */
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
