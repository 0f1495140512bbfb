import * as z from "zod";
import { ok } from "#shared/contract/common";
import type { FoundDeletion } from "#shared/deletion/account-deletion";
import { certifyDeletion } from "#shared/deletion/certify-deletion";
import {
  closeAccount,
  eraseAccount,
  eraseLateUploads,
  searchAtOf,
  storeState,
} from "#shared/deletion/erase-account";
import { removeRemains } from "#shared/deletion/find-remains";
import { frozenMs } from "#shared/deletion/finish-deletion";
import { deletedOwner } from "#shared/owners/act-on-owner";
import { stillFree } from "#shared/owners/evidence";
import { logViolation } from "#shared/pipeline/request-log";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { accountDeletions } from "#shared/store/account-deletions";

/** The most accounts per call; the rest is due at the next. */
const accountsMax = 10;
/**
 * The time from the erasure to the search for remains. No call that began before can still write
 * then: those from before the deletion ended while it could be cancelled, and those that work for
 * accounts without keys take two minutes at most.
 */
const searchAfterMs = 150_000;

/** For so long no other call works on an account, unless this one stores that it is done. */
const leaseMs = 90_000;
/** When to look again at what somebody else must do first, such as a runner that is stopped. */
const waitMs = 10_000;

type Outcome = "erased" | "goes on" | "failed";

export const eraseAccounts = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/accounts",
  summary: "Erase accounts that were deleted, search for remains, and certify that none is left.",
  everyMs: 15_000,
  reply: { 200: z.object({ due: z.int(), erased: z.int(), failed: z.int() }) },
  perform: async ({ deps }) => {
    const due = await deps.store.findDue(accountDeletions.all(), {
      field: "dueAt",
      until: deps.now(),
      limit: accountsMax,
    });
    const outcomes = await sweepEach<typeof accountDeletions.schema, Outcome>(deps, due, {
      concurrency: 1,
      dueField: "dueAt",
      work: async ({ ref }, { isLate }) => {
        await storeState(deps, await deps.store.require(ref), { dueAt: deps.now() + leaseMs });
        return await goOn(deps, await deps.store.require(ref), isLate);
      },
      failure: {
        message: "an account isn't erased yet; it is tried again",
        facts: ({ ownerId, state }) => ({ ownerId, state }),
      },
      failed: "failed",
    });
    const count = (what: Outcome) => outcomes.filter((outcome) => outcome === what).length;
    return ok({ due: due.length, erased: count("erased"), failed: count("failed") });
  },
});

/** Does what the state asks for, and stores when to go on. */
async function goOn(
  deps: Deps,
  found: FoundDeletion,
  isLate: () => boolean,
): Promise<"erased" | "goes on"> {
  const { state, kept, eraseAt, ownerId, searchAt } = found.value;
  const store = async (next: Partial<FoundDeletion["value"]>) => {
    await storeState(deps, found, { dueAt: deps.now(), ...next });
    return "goes on" as const;
  };
  // Its keys are dead, and nothing more happens to it until the incident is closed (INC-4).
  const still = await stillFree(deps.store, ownerId);
  if (still === null) return await store({ dueAt: deps.now() + frozenMs });
  if (state === "pending") {
    // From this commit on it can't be cancelled.
    return await store(deps.now() >= eraseAt ? { state: "erasing" } : { dueAt: eraseAt });
  }
  if (state === "erasing" && kept === null) {
    const closed = await closeAccount(deps, found, { isLate, still });
    if (typeof closed === "object") {
      return await store({ kept: closed, searchAt: await searchAtOf(deps, found) });
    }
    return await store(closed === "late" ? {} : { dueAt: deps.now() + waitMs });
  }
  if (state === "erasing") {
    if (!(await eraseAccount(deps, found, { isLate, still }))) return await store({});
    const dueAt = Math.max(deps.now() + searchAfterMs, searchAt);
    return await store({ state: "checking", dueAt });
  }
  if (state !== "checking" || kept === null) return "goes on";
  if (deps.now() < searchAt) return await store({ dueAt: searchAt });
  if (!(await eraseLateUploads(deps, found, { isLate, still }))) return await store({});
  const remains = await removeRemains(deps, deletedOwner(found.value));
  if (remains > 0) {
    logViolation("account_deletion_violation", { ownerId: found.value.ownerId, remains });
    return await store({ state: "erasing" });
  }
  await certifyDeletion(deps, found, kept);
  return "erased";
}
