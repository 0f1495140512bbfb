import { filesOf } from "#shared/answers/skill-body";
import { toJsonText } from "#shared/contract/common";
import {
  type SkillCreate,
  type SkillUpdate,
  skillTextBytes,
  skillTextBytesMax,
} from "#shared/contract/skill";
import { ApiError } from "#shared/errors/api-error";
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

/**
 * The fields of a changed skill: those that the body names, and the others as they were.
 * @throws {ApiError} `VALIDATION_FAILED` if they have too much text together; what makes it less is
 * always taken.
 */
export function changedSkill(body: SkillUpdate, skill: Skill, now: number) {
  const fields = fieldsOf(body, skill, now);
  const bytes = textBytesOf(fields);
  if (bytes <= skillTextBytesMax || bytes <= textBytesOf(skill)) return fields;
  const message = `and markdown would have ${bytes} bytes in all: ${skillTextBytesMax} are allowed`;
  throw new ApiError("VALIDATION_FAILED", {
    message: `The field files ${message}.`,
    details: [{ field: "files", message }],
  });
}

function textBytesOf({ markdown, filesJson }: Pick<Skill, "markdown" | "filesJson">): number {
  return skillTextBytes({ markdown, files: filesOf(filesJson) });
}

function fieldsOf(body: SkillUpdate, skill: Skill, now: number) {
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
