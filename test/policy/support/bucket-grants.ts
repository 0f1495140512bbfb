/** Who may do what in a bucket, as its whole policy says. */
import * as z from "zod";
import type { PlanName } from "./plans.ts";
import { readAll } from "./read.ts";

export interface BucketGrant {
  readonly bucket: string;
  readonly member: string;
  readonly role: string;
  /** The condition's expression; null without one. */
  readonly expression: string | null;
}

const Policy = z.object({ bucket: z.string().optional(), policy_data: z.string() });
const Bindings = z.object({
  bindings: z.array(
    z.object({
      role: z.string(),
      members: z.array(z.string()),
      condition: z.object({ expression: z.string() }).nullish(),
    }),
  ),
});

/** @returns One grant for each member of each binding; `bucket` is the resource's key. */
export function bucketGrants(name: PlanName): readonly BucketGrant[] {
  return readAll(name, "google_storage_bucket_iam_policy", Policy).flatMap(({ key, values }) =>
    Bindings.parse(JSON.parse(values.policy_data)).bindings.flatMap(
      ({ role, members, condition }) =>
        members.map((member) => ({
          bucket: key,
          member,
          role,
          expression: condition?.expression ?? null,
        })),
    ),
  );
}
