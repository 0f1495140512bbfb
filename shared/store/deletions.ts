import * as z from "zod";
import { systemCollection } from "./documents.ts";

/**
 * Something that was deleted and isn't shown any more, and of which documents are still stored. Its
 * id is that of the deleted thing.
 */
export const Deletion = z.object({
  v: z.literal(1),
  kind: z.enum(["thread", "message", "environment", "schedule", "trigger", "orchestration"]),
  id: z.string(),
  ownerId: z.string(),
  /** The execution whose log goes with a message; null for other kinds. */
  executionId: z.string().nullable(),
  requestId: z.string(),
  actor: z.object({ type: z.enum(["key", "operator", "runner", "maintenance"]), id: z.string() }),
  /** The execution up to which an environment's deletion has come; absent before the first. */
  afterExecutionId: z.string().optional(),
  /** When maintenance takes over if the process that began this has died. */
  dueAt: z.int(),
});
export type Deletion = z.infer<typeof Deletion>;
export const deletions = systemCollection("deletions", Deletion);
