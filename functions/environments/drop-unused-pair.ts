import type { Owner } from "#shared/identity/owner";
import type { Deps } from "#shared/pipeline/route";
import { remove } from "#shared/store/documents";
import { environments, sealingKeys } from "#shared/store/environments";
import { withDeadline } from "#shared/store/with-deadline";

/**
 * Removes the pair that an earlier round of the same request made: it found room, which others took
 * before the commit.
 */
export async function dropUnusedPair(deps: Deps, owner: Owner, id: string): Promise<void> {
  if ((await deps.store.get(environments.of(owner, id))).value !== null) return;
  await withDeadline(deps.keyStore.commit([remove(sealingKeys.of(owner, id), null)]));
}
