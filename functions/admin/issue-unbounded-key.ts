import { unbounded } from "#shared/core/keys/key-bounds";
import { issueKey, type NewKey } from "#shared/keys/issue-key";
import type { OwnerProfile } from "#shared/store/owners";

type Stated = Pick<NewKey, "id" | "name" | "createdBy" | "createdAt" | "random" | "ownerState">;

/** A key that an operator makes: it may do all that its account may. */
export function issueUnboundedKey(owner: OwnerProfile, stated: Stated) {
  return issueKey(owner, {
    ...stated,
    description: null,
    metadataJson: "null",
    bounds: unbounded,
  });
}
