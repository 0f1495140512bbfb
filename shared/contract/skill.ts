import * as z from "zod";
import { skillCategories } from "../protocol/skill.ts";
import { optionalFlag, PageQuery } from "./common.ts";
import { ignoredField } from "./unsupported.ts";

export const skillTextBytesMax = 256 * 1024;
const filesMax = 50;

/** The skill's own markdown, in lower case. */
const ownFile = "skill.md";
/** A path below the skill's folder, which no system reads in another way. */
const FilePath = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,7}$/,
    "must be a path of letters, digits, `.`, `_` and `-`, of which no part begins with a dot",
  )
  .refine((path) => path.toLowerCase() !== ownFile, "is the name of the skill's own markdown");

export const SkillFile = z.object({
  name: FilePath,
  content: z.string().max(skillTextBytesMax),
  language: z.string().max(100).nullish(),
});

const fields = z.object({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(1_000).nullish(),
  markdown: z.string().max(skillTextBytesMax).nullish(),
  files: z.array(SkillFile).max(filesMax).nullish(),
  icon: z.string().max(200).nullish(),
  category: z.enum(skillCategories).optional(),
  isActive: z.boolean().optional(),
  id: ignoredField,
});

const tooLarge = {
  path: ["files"],
  message: `and markdown must have at most ${skillTextBytesMax / 1024} KiB in all`,
};
const uneven = {
  path: ["files"],
  message: "must have different names, none below another or below SKILL.md",
};

type Written = Partial<Pick<z.output<typeof fields>, "markdown" | "files">>;

/** The bytes of a skill's texts, which are bounded together. */
export function skillTextBytes({ markdown, files }: Written): number {
  const texts = [markdown ?? "", ...(files ?? []).map(({ content }) => content)];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function fits(written: Written): boolean {
  return skillTextBytes(written) <= skillTextBytesMax;
}

/** Whether a folder of a file system can hold them all. */
function canLieTogether({ files }: Written): boolean {
  const names = [ownFile, ...(files ?? []).map(({ name }) => name.toLowerCase())];
  const isBelow = (name: string) => names.some((other) => name.startsWith(`${other}/`));
  return new Set(names).size === names.length && !names.some(isBelow);
}

export const SkillCreate = fields.refine(fits, tooLarge).refine(canLieTogether, uneven);
export type SkillCreate = z.output<typeof SkillCreate>;

/** A field that isn't named stays as it is; null empties it. */
export const SkillUpdate = fields
  .extend({ name: fields.shape.name.optional() })
  .refine(fits, tooLarge)
  .refine(canLieTogether, uneven);
export type SkillUpdate = z.output<typeof SkillUpdate>;

export const SkillsQuery = PageQuery.extend({
  category: z.enum(skillCategories).optional(),
  isActive: optionalFlag,
});

export const SkillBody = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  description: z.string(),
  markdown: z.string(),
  files: z.array(SkillFile),
  icon: z.string().nullable(),
  category: z.enum(skillCategories),
  isActive: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
