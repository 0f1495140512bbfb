import { createHash } from "node:crypto";
import { ApiError } from "../errors/api-error.ts";
import { patch, type Write } from "../store/documents.ts";
import { operators } from "../store/owners.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";

/** An operator's document, named by the hash of the address in lower case. */
export function operatorRef(email: string) {
  return operators.doc(createHash("sha256").update(email.toLowerCase()).digest("hex"));
}

/** @throws {ApiError} `FORBIDDEN` if this person isn't an operator, or isn't one any more. */
export async function requireOperator(
  store: Pick<ReadStore, "get">,
  email: string,
): Promise<FoundDocument<typeof operators.schema>> {
  const found = await store.get(operatorRef(email));
  if (found.value && found.value.removedAt === null) return found;
  throw new ApiError("FORBIDDEN", {
    message: "This account isn't an operator of this deployment.",
    authentication: { reason: "no operator" },
  });
}

/**
 * Changes nothing, but makes a commit fail if the operator was removed or made again since it was
 * read. The pipeline adds it to every change that an operator asks for.
 */
export function stillOperator({
  ref,
  value,
  version,
}: FoundDocument<typeof operators.schema>): Write {
  return patch(ref, { id: value.id }, { version });
}
