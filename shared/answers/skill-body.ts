import * as z from "zod";
import { fromJsonText, iso } from "../contract/common.ts";
import { type SkillBody, SkillFile } from "../contract/skill.ts";
import type { Skill } from "../store/skills.ts";

const Files = z.array(SkillFile);

/** A skill as the API shows it. */
export function skillBody(skill: Skill, ownerId: string): z.input<typeof SkillBody> {
  const { v: _v, filesJson, ...same } = skill;
  return {
    ...same,
    userId: ownerId,
    files: filesOf(filesJson),
    createdAt: iso(skill.createdAt),
    updatedAt: iso(skill.updatedAt),
  };
}

/** The files of a stored skill. */
export function filesOf(filesJson: string): z.output<typeof Files> {
  return Files.parse(fromJsonText(filesJson));
}
