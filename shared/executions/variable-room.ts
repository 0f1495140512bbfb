import { startVariablesBytesMax, variableBytes } from "../core/executions/variable-size.ts";
import { ApiError } from "../errors/api-error.ts";

type Variable = Parameters<typeof variableBytes>[0];

/**
 * Refuses what no program could start with, before anything is held or started for it.
 *
 * @param variables The execution's own and its message's secrets; an environment's secrets have
 * a bound of their own.
 * @throws {ApiError} `PAYLOAD_TOO_LARGE`.
 */
export function requireVariableRoom(variables: readonly Variable[]): void {
  const bytes = variables.reduce((sum, one) => sum + variableBytes(one), 0);
  if (bytes <= startVariablesBytesMax) return;
  const message =
    `The variables of environment and message make ${bytes} bytes with the message's secrets; ` +
    `programs start with at most ${startVariablesBytesMax}. Put what is long into files.`;
  throw new ApiError("PAYLOAD_TOO_LARGE", { message });
}
