/** All attempts to get out of the sandbox itself. */
import type { EscapeAttempt } from "../support/attempt.ts";
import { onFiles } from "./files.ts";
import { onTheKernel } from "./kernel.ts";
import { onTheNetwork } from "./network.ts";
import { onProcesses } from "./processes.ts";
import { onResources } from "./resources.ts";

export const attempts: readonly EscapeAttempt[] = [
  ...onTheKernel,
  ...onProcesses,
  ...onFiles,
  ...onTheNetwork,
  ...onResources,
];
