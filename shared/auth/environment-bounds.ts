import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "./owner.ts";

/**
 * Refuses a key that is limited to environments what concerns another than those: one to be made,
 * or a default one that isn't among them.
 * @throws {ApiError} `FORBIDDEN`, naming the environments.
 */
export function requireAllEnvironments({ environmentIds }: Owner): void {
  if (environmentIds === null) return;
  const message = "The API key is limited to environments; name one of them.";
  throw new ApiError("FORBIDDEN", { message, details: { environmentIds } });
}
