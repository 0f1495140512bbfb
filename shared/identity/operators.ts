import { createHash } from "node:crypto";
import { ApiError } from "../errors/api-error.ts";
import { operators } from "../store/owners.ts";
import type { Store } from "../store/store.ts";

/** An operator's document, named by the hash of the address in lower case. */
export function operatorRef(email: string) {
  return operators.doc(createHash("sha256").update(email.toLowerCase()).digest("hex"));
}

/** @throws {ApiError} `FORBIDDEN` if this person isn't an operator, or isn't one any more. */
export async function requireOperator(store: Store, email: string): Promise<{ id: string }> {
  const { value } = await store.get(operatorRef(email));
  if (value && value.removedAt === null) return { id: value.id };
  throw new ApiError("FORBIDDEN", {
    message: "This account isn't an operator of this deployment.",
  });
}
