/** Writes an execution's skills into a folder that the sandbox can only read. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { RunnerSkill } from "#shared/protocol/skill";

export interface SkillFolder {
  readonly skill: RunnerSkill;
  /** Its name in the folder of all skills. */
  readonly folder: string;
}

const nameLengthMax = 40;
/** A skill's own markdown. */
const ownFile = "SKILL.md";

/** A folder's name for each: the same skills get the same names. */
export function skillFolders(skills: readonly RunnerSkill[]): SkillFolder[] {
  const used = new Set<string>();
  return skills.map((skill) => {
    const letters = skill.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
    const base = letters.replaceAll(/^-|-$/g, "").slice(0, nameLengthMax) || "skill";
    let folder = base;
    for (let number = 2; used.has(folder); number += 1) folder = `${base}-${number}`;
    used.add(folder);
    return { skill, folder };
  });
}

/** @param target An empty folder of ours. */
export function writeSkills(target: string, skills: readonly RunnerSkill[]): void {
  for (const { skill, folder } of skillFolders(skills)) {
    const own = join(target, folder);
    const files = [{ path: ownFile, content: skillText(skill) }, ...skill.files];
    for (const { path, content } of files) {
      const file = join(own, path);
      // The gateway checks paths; here it is made sure. An earlier release took the second kind.
      if (relative(own, file).startsWith("..") || path.startsWith(`${ownFile}/`)) continue;
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeFileSync(file, content, { mode: 0o444 });
    }
  }
}

/** The markdown below its front matter, unless it brings its own. */
function skillText({ name, description, markdown }: RunnerSkill): string {
  if (/^---\r?\n/.test(markdown)) return markdown;
  const quoted = (text: string) => JSON.stringify(text);
  return `---\nname: ${quoted(name)}\ndescription: ${quoted(description)}\n---\n\n${markdown}`;
}
