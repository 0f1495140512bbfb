import * as z from "zod";
import { skillCategories } from "../protocol/skill.ts";
import { ownedCollection } from "./documents.ts";

/** Instructions and files that a language model reads when a task needs them. */
export const Skill = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  description: z.string(),
  markdown: z.string(),
  /** JSON text of the list of files. */
  filesJson: z.string(),
  icon: z.string().nullable(),
  category: z.enum(skillCategories),
  isActive: z.boolean(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Skill = z.infer<typeof Skill>;

export const skills = ownedCollection(["skills"], Skill);
