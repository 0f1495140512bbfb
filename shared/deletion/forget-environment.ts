import type * as z from "zod";
import { placeOf } from "../core/retention/retention-places.ts";
import { type Deletion, deletions } from "../store/deletions.ts";
import { patch } from "../store/documents.ts";
import { Execution, executions } from "../store/executions.ts";
import { workspaceSnapshots } from "../store/snapshots.ts";
import { withDeadline } from "../store/with-deadline.ts";
import { type Eraser, eraseCollection } from "./erase-documents.ts";

const pageLength = 100;
/** What an execution has copied from its environment, besides names. */
const copied = { environmentVariables: [], setupScripts: [], sealedSecrets: [] };
const Copies = Execution.pick({
  environmentVariables: true,
  setupScripts: true,
  sealedSecrets: true,
  build: true,
});
type Copies = z.output<typeof Copies>;

/**
 * Takes the copies of a deleted environment's variables, scripts and sealed secrets out of the
 * executions that ran in it. The executions stay, with their thread. Its snapshots are erased.
 */
export async function forgetEnvironment(
  eraser: Eraser,
  { id, afterExecutionId }: Deletion,
): Promise<boolean> {
  const { store, owner, isLate, still } = eraser;
  const snapshots = placeOf(workspaceSnapshots.pattern);
  const ofEnvironment = {
    outerPath: `owners/${owner.id}`,
    where: [["environmentId", id] as const],
  };
  if (!(await eraseCollection(eraser, snapshots, ofEnvironment))) return false;
  let after = afterExecutionId ?? null;
  for (;;) {
    if (isLate()) {
      await keepPlace(eraser, id, after);
      return false;
    }
    const where = [["environmentId", id]] as const;
    const page: readonly string[] = await store.findPaths(executions.all(owner), {
      where,
      after,
      limit: pageLength,
    });
    const ids = page.map((path) => path.slice(path.lastIndexOf("/") + 1));
    const refs = ids.map((each) => executions.of(owner, each));
    const found = await store.getParts(Copies, refs);
    const writes = refs.flatMap((ref, index) => {
      const execution = found[index] ?? null;
      if (execution === null || !hasCopies(execution)) return [];
      return [patch(ref, { ...copied, build: withoutCopies(execution) }, { mustExist: true })];
    });
    if (writes.length > 0) await withDeadline(store.commit([...writes, still]));
    after = ids.at(-1) ?? after;
    if (page.length < pageLength) return true;
  }
}

/**
 * The next call goes on here. The executions stay, so calls that began with the first one would
 * never come to the last of very many. None is added, since the environment is gone.
 */
async function keepPlace({ store }: Eraser, id: string, after: string | null): Promise<void> {
  if (after === null) return;
  const kept = patch(deletions.doc(id), { afterExecutionId: after }, { mustExist: true });
  await withDeadline(store.commit([kept]));
}

function hasCopies({ build, ...copies }: Copies): boolean {
  return [...Object.values(copies), build?.variables ?? []].some((list) => list.length > 0);
}

/** What a build was, without the variables that its environment's Dockerfile sets. */
function withoutCopies({ build }: Copies): Copies["build"] {
  return build && { ...build, variables: [] };
}
