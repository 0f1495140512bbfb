import * as z from "zod";
import { ok } from "#shared/contract/common";
import { closeDueKey, dueKeys, type FoundKey } from "#shared/keys/revoke-keys";
import { inOwnersTurns, newServedAt } from "#shared/pipeline/owners-turns";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";

/** The most keys per call; the rest is due at the next. */
const keysMax = 1_000;
const concurrency = 4;
const servedAt = newServedAt();
type KeyOutcome = "closed" | "stopped" | "failed";

export const sweepKeys = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/keys",
  summary: "Close expired keys, and stop executions that closed keys still run.",
  everyMs: 2_000,
  reply: { 200: z.object({ due: z.int(), closed: z.int(), stopped: z.int(), failed: z.int() }) },
  perform: async ({ deps }) => {
    const due = await dueKeys(deps, keysMax);
    const counts = { due: due.length, closed: 0, stopped: 0, failed: 0 };
    const outcomes = await sweepEach<FoundKey["ref"]["schema"], KeyOutcome>(
      deps,
      inOwnersTurns(due, servedAt),
      {
        concurrency,
        dueField: "dueAt",
        work: async (key) => {
          servedAt.set(key.value.ownerId, deps.now());
          return await closeDueKey(deps, key);
        },
        failure: {
          message: "a key wasn't closed; it is tried again",
          facts: ({ id }) => ({ keyId: id }),
        },
        failed: "failed",
      },
    );
    for (const outcome of outcomes) counts[outcome] += 1;
    return ok(counts);
  },
});
