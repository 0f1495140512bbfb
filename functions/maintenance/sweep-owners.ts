import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { dueFollowUps, followAccount } from "#shared/owners/suspend-owner";
import { action, jsonBytesMax } from "#shared/pipeline/route";
import { sweepEach } from "./sweep-each.ts";

/** The most owners per call; the rest is due at the next. */
const ownersMax = 20;

export const sweepOwners = action({
  endpoint: "POST /internal/maintenance/owners",
  summary: "Finish suspending and resuming accounts where a crash left keys behind.",
  authenticate: "scheduler",
  everyMs: 15_000,
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "none",
  reply: { 200: z.object({ due: z.int(), followed: z.int() }) },
  beforeConfirmed: "nothing",
  read: "nothing",
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
