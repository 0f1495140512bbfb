import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { dueFollowUps, followAccount } from "#shared/owners/suspend-owner";
import { type Deps, jsonBytesMax, route } from "#shared/pipeline/route";
import { keyFollowUps } from "#shared/store/key-follow-ups";
import { lookAfter } from "./look-after.ts";

/** One call's work; what is left is due at the next. */
const ownersMax = 20;

export const sweepOwners = route({
  answers: "POST /internal/maintenance/owners",
  summary: "Finish suspending and resuming accounts where a crash left keys behind.",
  authenticate: "scheduler",
  everyMs: 15_000,
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: { 200: z.object({ due: z.int(), followed: z.int() }) },
  read: async ({ deps }) => {
    const due = await dueFollowUps(deps, ownersMax);
    const outcomes = await Promise.all(
      due.map(async ({ value }) => await follow(deps, value.ownerId)),
    );
    return { due: due.length, followed: outcomes.filter((followed) => followed).length };
  },
  decide: ({ data }) => ({ writes: [], reply: ok(data) }),
});

async function follow(deps: Deps, ownerId: string): Promise<boolean> {
  const failure = "an account's keys don't follow it yet; it is tried again";
  const due = { ref: keyFollowUps.doc(ownerId), dueField: "dueAt", failure, facts: { ownerId } };
  return (await lookAfter(deps, due, () => followAccount(deps, ownerId))) !== "failed";
}
