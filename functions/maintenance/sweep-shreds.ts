import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { finishShredding } from "#shared/environments/shred";
import { existingOwner } from "#shared/owners/act-on-owner";
import { type Deps, jsonBytesMax, route } from "#shared/pipeline/route";
import {
  type PendingKeyDestruction,
  pendingKeyDestructions,
} from "#shared/store/pending-key-destructions";
import { lookAfter } from "./look-after.ts";

/** One call's work; what is left is due at the next. */
const shredsMax = 50;

export const sweepShreds = route({
  answers: "POST /internal/maintenance/shreds",
  summary: "Destroy the key pairs of deleted environments where a crash left them.",
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
  reply: { 200: z.object({ due: z.int(), shredded: z.int() }) },
  read: async ({ deps }) => {
    const due = await deps.store.findRefs(pendingKeyDestructions.all(), {
      between: { field: "dueAt", from: undefined, to: deps.now() },
      orderBy: [["dueAt", "asc"]],
      limit: shredsMax,
    });
    let shredded = 0;
    for (const { value } of due) if (await sweepOne(deps, value)) shredded += 1;
    return { due: due.length, shredded };
  },
  decide: ({ data }) => ({ writes: [], reply: ok(data) }),
});

async function sweepOne(deps: Deps, shred: PendingKeyDestruction): Promise<boolean> {
  const { environmentId, ownerId } = shred;
  const ref = pendingKeyDestructions.doc(environmentId);
  const failure = "a deleted environment's keys remain; it is tried again";
  const due = { ref, dueField: "dueAt", failure, facts: { environmentId } };
  const outcome = await lookAfter(deps, due, async () => {
    const { owner } = await existingOwner(deps.store, ownerId);
    await finishShredding(deps, owner, shred);
  });
  return outcome !== "failed";
}
