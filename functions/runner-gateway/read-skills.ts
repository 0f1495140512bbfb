import type * as z from "zod";
import { filesOf } from "#shared/answers/skill-body";
import type { Owner } from "#shared/identity/owner";
import type { ClaimedSkills, RunnerSkill } from "#shared/protocol/skill";
import { Skill, skills } from "#shared/store/skills";
import type { ReadStore } from "#shared/store/store";

/** All that an account has are looked through; of each, little more than its name is read. */
const readMax = 300;
const Named = Skill.pick({ id: true, name: true, isActive: true });
type Named = z.output<typeof Named>;
/** What an execution gets of them, so that its claim stays small. */
const textBytesMax = 2 * 1024 * 1024;

/**
 * The skills that an execution may use, named by id or by name, as they are now. They are read one
 * after another until there are too many: many claims may be in an instance's memory at once.
 */
export async function readSkills(
  store: Pick<ReadStore, "findParts" | "get">,
  owner: Owner,
  named: readonly string[],
): Promise<ClaimedSkills> {
  if (named.length === 0) return { skills: [], missing: [] };
  const newest = { orderBy: [["createdAt", "desc"]] as const, limit: readMax };
  const stored = await store.findParts(skills.all(owner), Named, newest);
  const { chosen, missing } = chooseSkills(stored, named);
  const read: RunnerSkill[] = [];
  let bytes = 0;
  for (const { id, asked } of chosen) {
    if (bytes > textBytesMax) {
      missing.push(asked);
      continue;
    }
    const { value } = await store.get(skills.of(owner, id));
    bytes += value ? bytesOf(value) : 0;
    if (value && bytes <= textBytesMax) read.push(asRunnerReads(value));
    else missing.push(asked);
  }
  return { skills: read, missing };
}

/** Pure. Of several of one name the newest counts. @param stored newest first. */
function chooseSkills(stored: readonly Named[], named: readonly string[]) {
  const active = stored.filter(({ isActive }) => isActive);
  const chosen = new Map<string, { readonly id: string; readonly asked: string }>();
  const missing: string[] = [];
  for (const asked of new Set(named)) {
    const skill = active.find((one) => one.id === asked || one.name === asked);
    if (skill === undefined) missing.push(asked);
    else if (!chosen.has(skill.id)) chosen.set(skill.id, { id: skill.id, asked });
  }
  return { chosen: [...chosen.values()], missing };
}

function asRunnerReads({ name, description, markdown, filesJson }: Skill): RunnerSkill {
  const files = filesOf(filesJson).map(({ name: path, content }) => ({ path, content }));
  return { name, description, markdown, files };
}

function bytesOf({ markdown, filesJson }: Skill): number {
  return Buffer.byteLength(markdown) + Buffer.byteLength(filesJson);
}
