import { ApiError } from "../errors/api-error.ts";

/**
 * The models of this deployment. `shell` runs commands: the message is a script, its output is the
 * answer, tokens are zero and compute time is billed.
 */
export const offeredModels = ["shell"] as const;
export const defaultModel = "shell";

/** @throws {ApiError} `MODEL_NOT_OFFERED`, naming the offered models. */
export function requireModel(model: string): string {
  if (offeredModels.some((offered) => offered === model)) return model;
  const message = `This deployment doesn't offer ${JSON.stringify(model)}; it offers ${offeredModels.join(", ")}.`;
  throw new ApiError("MODEL_NOT_OFFERED", { message, details: { offered: offeredModels } });
}
