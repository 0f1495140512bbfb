import { peppers } from "#shared/config";
import { ApiError } from "#shared/errors/api-error";

/** What new secrets and tokens derive from. */
export function currentPepper(): { readonly id: string; readonly root: Buffer } {
  const { keys, current } = peppers();
  const root = keys[current];
  if (!root) throw new ApiError("INTERNAL_ERROR", { cause: "the current pepper is missing" });
  return { id: current, root };
}
