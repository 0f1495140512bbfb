import { ApiError } from "../errors/api-error.ts";

/**
 * The models this deployment offers. `shell` is one for running commands: the message is a script,
 * what it prints is the answer, tokens are zero and compute time is what is billed.
 */
export const offeredModels = ["shell"] as const;
export const defaultModel = "shell";

/** @throws {ApiError} `MODEL_NOT_OFFERED`, naming those that are. */
export function requireModel(model: string): string {
  if (offeredModels.some((offered) => offered === model)) return model;
  const message = `This deployment doesn't offer ${JSON.stringify(model)}; it offers ${offeredModels.join(", ")}.`;
  throw new ApiError("MODEL_NOT_OFFERED", { message, details: { offered: offeredModels } });
}
