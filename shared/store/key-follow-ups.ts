import * as z from "zod";
import { systemCollection } from "./documents.ts";

/**
 * An account that was suspended or resumed and whose keys must still be updated. Its id is the
 * owner's.
 */
export const KeyFollowUp = z.object({
  v: z.literal(1),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  /** Whether the owner's executions are to be stopped; no later suspension takes that back. */
  stop: z.boolean().default(false),
  requestId: z.string(),
  actor: z.object({ type: z.enum(["key", "operator", "runner", "maintenance"]), id: z.string() }),
  /** When maintenance takes over if the process that began this has died. */
  dueAt: z.int(),
});
export type KeyFollowUp = z.infer<typeof KeyFollowUp>;
export const keyFollowUps = systemCollection("keyFollowUps", KeyFollowUp);
