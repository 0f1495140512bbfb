import { filesOf } from "#shared/answers/skill-body";
import type { Owner } from "#shared/identity/owner";
import type { ClaimedSkills } from "#shared/protocol/skill";
import { type Skill, skills } from "#shared/store/skills";
import type { ReadStore } from "#shared/store/store";

/** All that an account has are looked through. */
const readMax = 300;
const readBytesMax = 64 * 1024 * 1024;
/** What an execution gets of them, so that its claim stays small. */
const textBytesMax = 2 * 1024 * 1024;

/** The skills that an execution may use, named by id or by name, as they are now. */
export async function readSkills(
  store: ReadStore,
  owner: Owner,
  named: readonly string[],
): Promise<ClaimedSkills> {
  if (named.length === 0) return { skills: [], missing: [] };
  const newest = { orderBy: [["createdAt", "desc"]] as const, limit: readMax };
  const { found } = await store.walk(skills.all(owner), newest, { bytesMax: readBytesMax });
  return chooseSkills(
    found.map(({ value }) => value),
    named,
  );
}

/** Pure. Of several of one name the newest counts. @param stored newest first. */
export function chooseSkills(stored: readonly Skill[], named: readonly string[]): ClaimedSkills {
  const active = stored.filter(({ isActive }) => isActive);
  const chosen: Skill[] = [];
  const missing: string[] = [];
  let bytes = 0;
  for (const name of new Set(named)) {
    const skill = active.find((one) => one.id === name || one.name === name);
    const size = skill === undefined ? 0 : bytesOf(skill);
    if (skill === undefined || bytes + size > textBytesMax) {
      missing.push(name);
      continue;
    }
    if (chosen.includes(skill)) continue;
    bytes += size;
    chosen.push(skill);
  }
  return {
    missing,
    skills: chosen.map(({ name, description, markdown, filesJson }) => ({
      ...{ name, description, markdown },
      files: filesOf(filesJson).map(({ name: path, content }) => ({ path, content })),
    })),
  };
}

function bytesOf({ markdown, filesJson }: Skill): number {
  return Buffer.byteLength(markdown) + Buffer.byteLength(filesJson);
}
