import * as z from "zod";
import { reasoningEfforts } from "../protocol/language-model.ts";
import { ownedCollection } from "./documents.ts";

export const Agent = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  model: z.string(),
  instructions: z.string().nullable(),
  /** JSON text, stored as it came, because clients of the public API disagree about its form. */
  binaryJson: z.string(),
  reasoningEffort: z.enum(reasoningEfforts),
  enabledSkills: z.array(z.string()).nullable(),
  deepResearchModel: z.string().nullable(),
  isDefault: z.boolean(),
  /** JSON text, because Firestore can't store every client's data as a map. */
  metadataJson: z.string(),
  createdAt: z.int(),
  updatedAt: z.int(),
  /** When an execution last started with this agent; written at most once a minute. */
  lastRunAt: z.int().nullable(),
});
export type Agent = z.infer<typeof Agent>;

export const agents = ownedCollection(["agents"], Agent);
