import { logFailure } from "#shared/pipeline/request-log";
import type { Deps } from "#shared/pipeline/route";

/** After this time a call begins nothing more. The platform ends the call after 120 s. */
export const workingMsMax = 45_000;

/** A call's time, and where it reports what doesn't end it. */
export function newTurn({ now }: Pick<Deps, "now">) {
  const beganAt = now();
  return { isLate: () => now() > beganAt + workingMsMax, report: logFailure };
}
