import * as z from "zod";
import { systemCollection } from "./documents.ts";

/**
 * A deleted environment whose key pair must still be destroyed and whose executions must still be
 * stopped. Its id is the environment's.
 */
export const PendingKeyDestruction = z.object({
  v: z.literal(1),
  environmentId: z.string(),
  ownerId: z.string(),
  requestId: z.string(),
  actor: z.object({
    type: z.enum(["key", "operator", "runner", "maintenance"]),
    id: z.string(),
  }),
  /** When maintenance takes over if the process that began this has died. */
  dueAt: z.int(),
});
export type PendingKeyDestruction = z.infer<typeof PendingKeyDestruction>;
export const pendingKeyDestructions = systemCollection("shreds", PendingKeyDestruction);
