import * as z from "zod";
import { iso } from "#shared/contract/common";
import type { OwnerProfile } from "#shared/store/owners";

/** Why an operator acts on an account, for its owner to read. */
export const Reason = z.string().trim().min(1).max(500);

export const OwnerBody = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(["production", "development"]),
  state: z.enum(["active", "suspended"]),
  createdAt: z.string(),
});

export function ownerBody(owner: OwnerProfile): z.input<typeof OwnerBody> {
  const { id, name, mode, state } = owner;
  return { id, name, mode, state, createdAt: iso(owner.createdAt) };
}
