import { expect, test } from "vitest";
import { skillTextBytesMax } from "#shared/contract/skill";
import { changedSkill, newSkill } from "./new-skill.ts";

const half = "x".repeat(skillTextBytesMax / 2 + 1);
const files = [{ name: "a", content: half }];

test("a skill's texts are bounded together, also if they are changed one after the other", () => {
  const skill = newSkill({ name: "a", markdown: half }, "skill_1", 1);
  expect(() => changedSkill({ files }, skill, 2)).toThrow(/files and markdown would have/);
  expect(changedSkill({ files, markdown: "" }, skill, 2).markdown).toBe("");
});

test("one that an earlier release let grow is only made smaller", () => {
  const large = newSkill({ name: "a", markdown: half, files }, "skill_1", 1);
  expect(changedSkill({ markdown: "short" }, large, 2).markdown).toBe("short");
  expect(changedSkill({ name: "b" }, large, 2).name).toBe("b");
  expect(() => changedSkill({ markdown: `${half}x` }, large, 2)).toThrow(/in all/);
});
