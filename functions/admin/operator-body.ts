import * as z from "zod";
import { created } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { withMaker } from "#shared/identity/independent-operators";
import { operatorRef } from "#shared/identity/operators";
import type { Ids, ReadDeps } from "#shared/pipeline/route";
import { createOrReplace, type Snapshot } from "#shared/store/documents";
import type { operators } from "#shared/store/owners";

export const OperatorName = z.object({ email: z.email().max(320) });
export const OperatorBody = z.object({ id: z.string(), email: z.string() });

/** @throws {ApiError} `NOT_FOUND` if this person isn't an operator, or isn't one any more. */
export async function readNamedOperator(
  { store }: Pick<ReadDeps, "store">,
  { email }: z.output<typeof OperatorName>,
) {
  const found = await store.require(operatorRef(email));
  if (found.value.removedAt !== null) throw new ApiError("NOT_FOUND");
  return found;
}

/** The person that is to be made an operator, who may have been one earlier. */
export async function readFutureOperator({ store }: Pick<ReadDeps, "store">, email: string) {
  return await store.get(operatorRef(email));
}

/**
 * Makes somebody an operator. One who was an operator earlier keeps the id and all its makers.
 * @param made by whom: an operator's id, or `deployment`.
 * @throws {ApiError} `CONFLICT` with `message` for somebody who is one.
 */
export function makeOperator(
  { ref, value, version }: Snapshot<typeof operators.schema>,
  made: { readonly email: string; readonly createdBy: string },
  making: { readonly ids: Ids; readonly now: number; readonly message: string },
) {
  if (value && value.removedAt === null)
    throw new ApiError("CONFLICT", { message: making.message });
  const id = value?.id ?? making.ids.next("operator");
  const { email, createdBy } = made;
  const makers = withMaker(value, createdBy);
  const operator = { v: 1 as const, id, email, ...makers, createdAt: making.now };
  return {
    writes: [createOrReplace(ref, version, operator)],
    subject: id,
    reply: created({ operator: { id, email } }),
  };
}
