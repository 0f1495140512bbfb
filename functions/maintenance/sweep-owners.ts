import * as z from "zod";
import { ok } from "#shared/contract/common";
import { dueFollowUps, followAccount } from "#shared/owners/suspend-owner";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";

/** The most owners per call; the rest is due at the next. */
const ownersMax = 20;

export const sweepOwners = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/owners",
  summary: "Finish suspending and resuming accounts where a crash left keys behind.",
  everyMs: 15_000,
  reply: { 200: z.object({ due: z.int(), followed: z.int() }) },
  perform: async ({ deps }) => {
    const due = await dueFollowUps(deps, ownersMax);
    const outcomes = await sweepEach(deps, due, {
      concurrency: ownersMax,
      dueField: "dueAt",
      work: async ({ value }) => {
        await followAccount(deps, value.ownerId);
        return true;
      },
      failure: {
        message: "an account's keys don't follow it yet; it is tried again",
        facts: ({ ownerId }) => ({ ownerId }),
      },
      failed: false,
    });
    return ok({ due: due.length, followed: outcomes.filter((followed) => followed).length });
  },
});
