import { assert } from "../core/assert.ts";
import { idSchema } from "../core/ids.ts";
import type { Mode } from "../core/keys/api-key.ts";

declare const minted: unique symbol;

/** The owner whose data a call may touch. A plain string is never accepted as one. */
export type Owner = {
  readonly id: string;
  readonly mode: Mode;
  /** The owner's environments that may be seen; null for all of them. */
  readonly environmentIds: readonly string[] | null;
  readonly [minted]: true;
};

const ownerId = idSchema("owner");
/** The audit trail of operators' actions that concern no owner, such as adding an operator. */
const operatorsId = "user_operators";

/**
 * Mints an owner from a checked credential: a key, a ticket, an operator's token or a sweep. A test
 * makes sure that only `shared/{identity,keys,owners,executions}` calls this.
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
