/** Skills are written whatever their files are called; one that can't lie there isn't stored. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { filesOf } from "#shared/answers/skill-body";
import { SkillCreate } from "#shared/contract/skill";
import { writeSkills } from "./skill-folders.ts";

const named = (name: string) => ({ name: "a", files: [{ name, content: "x" }] });

test.each(["SKILL.md", "skill.md", "SKILL.md/a", "Skill.md/a/b"])(
  "a file can't take the place of the skill's own markdown: %s",
  (name) => {
    expect(SkillCreate.safeParse(named(name)).success).toBe(false);
  },
);

test.each(["a/SKILL.md", "SKILL.md.txt", "a"])("a file may be called %s", (name) => {
  expect(SkillCreate.safeParse(named(name)).success).toBe(true);
});

test("one that is below the markdown is left out, and the others are written", () => {
  const target = mkdtempSync(join(tmpdir(), "skills-"));
  onTestFinished(() => rmSync(target, { recursive: true }));
  const stored = ["SKILL.md/a", "b"].map((name) => ({ name, content: "x" }));
  // What an earlier release took is read like any other, or no skill could be listed.
  const files = filesOf(JSON.stringify(stored)).map(({ name: path, content }) => {
    return { path, content };
  });
  writeSkills(target, [{ name: "A", description: "", markdown: "m", files }]);
  expect(readdirSync(join(target, "a")).sort()).toEqual(["SKILL.md", "b"]);
});
