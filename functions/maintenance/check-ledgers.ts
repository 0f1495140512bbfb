import * as z from "zod";
import { ok } from "#shared/contract/common";
import { derivedId } from "#shared/core/ids";
import type { Owner } from "#shared/identity/owner";
import { asCheck, type Checked, checkLedger, nothingCounted } from "#shared/owners/check-ledger";
import { logViolation } from "#shared/pipeline/request-log";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { auditEntry } from "#shared/store/audit-rows";
import { overwrite } from "#shared/store/documents";
import { type LedgerCheck, ledgerCheckId, ledgerChecks } from "#shared/store/ledger-checks";
import { nextOwners, roundQuery } from "./owner-round.ts";

/** Pages of an owner's lines per call. */
const pagesMax = 20;
const roundId = "ledger-round";

const Outcome = z.object({ checked: z.record(z.string(), z.int()) });
type Name = Checked["outcome"] | "recounting";

export const checkLedgers = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/ledgers",
  summary: "Compare accounts with their ledgers, owner after owner; a difference raises an alert.",
  query: roundQuery,
  everyMs: 60_000,
  reply: { 200: Outcome },
  perform: async ({ deps, query }) => {
    const checked: Record<string, number> = {};
    const outcomes = await nextOwners(deps, {
      id: roundId,
      only: query.owner,
      work: (owner) => check(deps, owner),
      failure: "a ledger couldn't be checked; it is tried again",
    });
    for (const outcome of outcomes) checked[outcome] = (checked[outcome] ?? 0) + 1;
    return ok({ checked });
  },
});

async function check(deps: Deps, owner: Owner): Promise<Name> {
  const { store } = deps;
  const now = deps.now();
  const ref = ledgerChecks.of(owner, ledgerCheckId);
  const kept = (await store.get(ref)).value;
  const from = kept ?? nothingCounted;
  const unless = kept?.accountVersion ?? null;
  const checked = await checkLedger(store, owner, { from, unless, pagesMax, now });
  if (checked.outcome === "unchanged") return "unchanged";
  // Stored sums could be wrong themselves, so only a sum of all lines may raise an alarm.
  const isSure = kept === null || kept.recounting;
  const restart = checked.outcome === "differs" && !isSure;
  const recounting = restart || (kept?.recounting ?? false) || checked.outcome === "differs";
  const next: LedgerCheck = asCheck(restart ? { ...checked, ...nothingCounted } : checked, {
    recounting,
    now,
  });
  if (checked.outcome === "differs" && isSure) await raiseAlarm(deps, owner, checked);
  await store.commit([overwrite(ref, next)]);
  return restart ? "recounting" : checked.outcome;
}

/** Logs a line for the alert policy at each check, and writes one audit row per fault. */
async function raiseAlarm(deps: Deps, owner: Owner, checked: Checked): Promise<void> {
  const { differences } = checked;
  logViolation("budget_invariant_violation", { ownerId: owner.id, differences });
  const id = derivedId("auditRow", owner.id, "ledger", JSON.stringify(differences));
  const row = auditEntry(owner, {
    id,
    at: deps.now(),
    actor: { type: "maintenance", id: "ledgers" },
    action: "budget.violated",
    subject: owner.id,
    requestId: id,
    facts: Object.fromEntries(
      differences.flatMap(({ what, accountHas, ledgerHas }) => [
        [`account: ${what}`, accountHas],
        [`ledger: ${what}`, ledgerHas],
      ]),
    ),
    sealedDetails: null,
  });
  if (await deps.store.exists(row.path)) return;
  await deps.commits.submit({
    owner,
    needsAccount: false,
    refresh: async () => {},
    decide: () => ({ writes: [row] }),
  });
}
