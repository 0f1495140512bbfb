/** Stores what a call cost, however long the database takes to come back. */
import type { CallEnd } from "#shared/core/money/model-meter";
import { logFailure } from "#shared/pipeline/request-log";
import type { MeterQueue } from "./meter-queue.ts";
import type { MeteredExecution } from "./metered-execution.ts";

/** How long an answer's end waits for its charge. */
const waitMsMax = 3_000;
/** A call that can't be charged within this time is charged its ceiling later. */
const triesMsMax = 5 * 60_000;

interface ChargeDeps {
  readonly meters: MeterQueue;
  readonly now: () => number;
}

/**
 * Resolves once the call is charged, or after three seconds while it is still being tried. If the
 * process dies before, the execution's end charges the ceiling. Never throws.
 */
export async function chargeCall(
  { meters, now }: ChargeDeps,
  execution: MeteredExecution,
  call: { readonly id: string; readonly end: CallEnd },
): Promise<void> {
  const charging = keepTrying({ meters, now }, execution, call);
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMsMax);
  });
  await Promise.race([charging, waited]);
  clearTimeout(timer);
}

async function keepTrying(
  { meters, now }: ChargeDeps,
  execution: MeteredExecution,
  { id, end }: { readonly id: string; readonly end: CallEnd },
): Promise<void> {
  const until = now() + triesMsMax;
  for (let pauseMs = 100; ; pauseMs = Math.min(5_000, 2 * pauseMs)) {
    try {
      await meters.end(execution, id, end);
      return;
    } catch (error) {
      if (now() + pauseMs > until) {
        const { executionId } = execution.claims;
        logFailure("a model call couldn't be charged", error, { executionId, alarm: true });
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
