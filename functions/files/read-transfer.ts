import * as z from "zod";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { environments } from "#shared/store/environments";
import type { FoundDocument } from "#shared/store/read-document";
import type { ReadStore } from "#shared/store/store";
import { transfers } from "#shared/store/transfers";

export const uploadParams = z.object({
  environmentId: idSchema("environment"),
  uploadId: idSchema("fileUpload"),
});

/**
 * An upload to that environment.
 * @throws {ApiError} `NOT_FOUND`, for another environment's as well.
 */
export async function readUploadOf(
  store: ReadStore,
  owner: Owner,
  { environmentId, uploadId }: z.output<typeof uploadParams>,
): Promise<FoundDocument<typeof transfers.schema>> {
  const [found] = await allInOrder([
    store.require(transfers.of(owner, uploadId)),
    store.require(environments.of(owner, environmentId)),
  ]);
  const isOf = found.value.kind === "upload" && found.value.environmentId === environmentId;
  if (!isOf) throw new ApiError("NOT_FOUND");
  return found;
}
