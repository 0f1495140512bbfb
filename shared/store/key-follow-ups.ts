import * as z from "zod";
import { systemCollection } from "./documents.ts";

/** By owner id: the account was suspended or opened again, and its keys have yet to follow. */
export const KeyFollowUp = z.object({
  v: z.literal(1),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  /** Whether what the owner runs is to be stopped. */
  stop: z.boolean(),
  requestId: z.string(),
  actor: z.object({ type: z.enum(["key", "operator", "runner", "maintenance"]), id: z.string() }),
  /** When maintenance looks after it, should whoever began it have died. */
  dueAt: z.int(),
});
export type KeyFollowUp = z.infer<typeof KeyFollowUp>;
export const keyFollowUps = systemCollection("keyFollowUps", KeyFollowUp);
