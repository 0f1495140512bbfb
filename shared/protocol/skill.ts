/** Skills as a runner is told of them. */
import * as z from "zod";

export const skillCategories = [
  "research",
  "creative",
  "productivity",
  "development",
  "custom",
] as const;

export const RunnerSkill = z.object({
  name: z.string(),
  description: z.string(),
  markdown: z.string(),
  /** Paths below the skill's folder; none is absolute or leads out of it. */
  files: z.array(z.object({ path: z.string(), content: z.string() })),
});
export type RunnerSkill = z.infer<typeof RunnerSkill>;

export const ClaimedSkills = z.object({
  skills: z.array(RunnerSkill),
  /** What the execution named and can't have: there is none, or there were too many. */
  missing: z.array(z.string()),
});
export type ClaimedSkills = z.infer<typeof ClaimedSkills>;

export const noSkills: ClaimedSkills = { skills: [], missing: [] };
