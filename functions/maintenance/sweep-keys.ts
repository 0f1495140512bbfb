import pMap from "p-map";
import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { closeDueKey, dueKeys, type FoundKey } from "#shared/keys/revoke-keys";
import { type Deps, jsonBytesMax, route } from "#shared/pipeline/route";
import { lookAfter } from "./look-after.ts";

/** One call's work; what is left is due at the next. */
const keysMax = 200;
const concurrency = 4;

export const sweepKeys = route({
  answers: "POST /internal/maintenance/keys",
  summary: "Close the keys that have expired, and stop what closed ones still run.",
  authenticate: "scheduler",
  everyMs: 2_000,
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: { 200: z.object({ due: z.int(), closed: z.int(), stopped: z.int(), failed: z.int() }) },
  read: async ({ deps }) => {
    const due = await dueKeys(deps, keysMax);
    const counts = { due: due.length, closed: 0, stopped: 0, failed: 0 };
    const outcomes = await pMap(due, async (key) => await sweepOne(deps, key), { concurrency });
    for (const outcome of outcomes) counts[outcome] += 1;
    return counts;
  },
  decide: ({ data }) => ({ writes: [], reply: ok(data) }),
});

async function sweepOne(deps: Deps, key: FoundKey): Promise<"closed" | "stopped" | "failed"> {
  const failure = "a key wasn't closed; it is tried again";
  const due = { ref: key.ref, dueField: "dueAt", failure, facts: { keyId: key.value.id } };
  return await lookAfter(deps, due, () => closeDueKey(deps, key));
}
