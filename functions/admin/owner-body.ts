import * as z from "zod";
import { iso } from "#shared/contract/common";
import type { OwnerProfile } from "#shared/store/owners";

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
