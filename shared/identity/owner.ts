import { assert } from "../core/assert.ts";
import { idSchema } from "../core/ids.ts";
import type { Mode } from "../core/keys/api-key.ts";

declare const minted: unique symbol;

/** Whose data a call may touch. A plain string never passes for one. */
export type Owner = {
  readonly id: string;
  readonly mode: Mode;
  /** All that may be seen of the owner's environments; null for all of them. */
  readonly environmentIds: readonly string[] | null;
  readonly [minted]: true;
};

const ownerId = idSchema("owner");
/** The trail of what operators do that concerns no owner: operators made and removed. */
const operatorsId = "user_operators";

/**
 * Mints an owner from a credential that has been checked: a key, a ticket, an operator's token or a
 * sweep. Only files of `shared/{identity,keys,owners,executions}` call it; a test holds that.
 */
export function mintOwner(
  id: string,
  mode: Mode,
  environmentIds: readonly string[] | null = null,
): Owner {
  assert(id === operatorsId || ownerId.safeParse(id).success, "not an owner's id");
  return { id, mode, environmentIds } as Owner;
}

export function operatorsTrail(): Owner {
  return mintOwner(operatorsId, "production");
}
