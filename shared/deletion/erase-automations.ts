import { assert } from "../core/assert.ts";
import { placeOf } from "../core/retention/retention-places.ts";
import type { Deletion } from "../store/deletions.ts";
import { orchestrations } from "../store/orchestrations.ts";
import { schedules } from "../store/schedules.ts";
import { triggers } from "../store/triggers.ts";
import { type Eraser, eraseCollection, eraseDependents } from "./erase-documents.ts";

const kinds = { schedule: schedules, trigger: triggers, orchestration: orchestrations } as const;

/** Erases what is stored of a deleted schedule, trigger or orchestration: what it started. */
export async function eraseAutomation(eraser: Eraser, { kind, id }: Deletion): Promise<boolean> {
  assert(kind in kinds, "it starts something by itself");
  const collection = kinds[kind as keyof typeof kinds];
  const { path } = collection.of(eraser.owner, id);
  return await eraseDependents(eraser, placeOf(collection.pattern), path);
}

/** Erases those of a deleted environment, which could start nothing more. */
export async function eraseAutomations(eraser: Eraser, { id }: Deletion): Promise<boolean> {
  const outerPath = `owners/${eraser.owner.id}`;
  const where = [["environmentId", id]] as const;
  for (const { pattern } of Object.values(kinds)) {
    if (!(await eraseCollection(eraser, placeOf(pattern), { outerPath, where }))) return false;
  }
  return true;
}
