import { toJsonText } from "#shared/contract/common";
import type { SkillCreate, SkillUpdate } from "#shared/contract/skill";
import type { Skill } from "#shared/store/skills";

/** The document of a new skill, from the body that describes it. */
export function newSkill(body: SkillCreate, id: string, now: number): Skill {
  return {
    v: 1,
    id,
    name: body.name,
    description: body.description ?? "",
    markdown: body.markdown ?? "",
    filesJson: toJsonText(body.files ?? []),
    icon: body.icon ?? null,
    category: body.category ?? "custom",
    isActive: body.isActive ?? true,
    createdAt: now,
    updatedAt: now,
  };
}

/** The fields of a changed skill: those that the body names, and the others as they were. */
export function changedSkill(body: SkillUpdate, skill: Skill, now: number) {
  const text = (asked: string | null | undefined, before: string) =>
    asked === undefined ? before : (asked ?? "");
  return {
    name: body.name ?? skill.name,
    description: text(body.description, skill.description),
    markdown: text(body.markdown, skill.markdown),
    filesJson: body.files === undefined ? skill.filesJson : toJsonText(body.files ?? []),
    icon: body.icon === undefined ? skill.icon : body.icon,
    category: body.category ?? skill.category,
    isActive: body.isActive ?? skill.isActive,
    updatedAt: now,
  };
}
