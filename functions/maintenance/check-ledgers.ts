import * as z from "zod";
import { ok } from "#shared/contract/common";
import { derivedId } from "#shared/core/ids";
import type { Owner } from "#shared/identity/owner";
import { ownerOf } from "#shared/owners/act-on-owner";
import { asCheck, type Checked, checkLedger, nothingCounted } from "#shared/owners/check-ledger";
import { logFailure, logViolation } from "#shared/pipeline/request-log";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { auditEntry } from "#shared/store/audit-rows";
import { overwrite, parseStored } from "#shared/store/documents";
import {
  type LedgerCheck,
  ledgerCheckId,
  ledgerChecks,
  ledgerRoundId,
  ledgerRounds,
} from "#shared/store/ledger-checks";
import { OwnerProfile, owners } from "#shared/store/owners";

/** Owners per call. There is a call each minute, so 1,000 owners take twenty minutes. */
const ownersMax = 50;
const pagesMax = 20;
/** Stays below the 120 s after which the platform ends the call. */
const checkingMsMax = 60_000;

/** A profile is parsed in its own turn, because one that can't be read mustn't stop the round. */
const Unchecked = z.looseObject({ id: z.string() });
const Outcome = z.object({ checked: z.record(z.string(), z.int()) });
type Name = Checked["outcome"] | "recounting" | "failed";

export const checkLedgers = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/ledgers",
  summary: "Compare accounts with their ledgers, owner after owner; a difference raises an alert.",
  everyMs: 60_000,
  reply: { 200: Outcome },
  perform: async ({ deps }) => ok({ checked: await checkRound(deps) }),
});

/** Continues where the last call ended. After the last owner it begins with the first again. */
async function checkRound(deps: Deps): Promise<Partial<Record<Name, number>>> {
  const counts: Partial<Record<Name, number>> = {};
  const round = ledgerRounds.doc(ledgerRoundId);
  const { value } = await deps.store.get(round);
  const behind = value?.afterOwnerId ?? null;
  const walk = { field: "id", after: behind === null ? null : { value: behind, id: behind } };
  const page = await deps.store.withSnapshot((snapshot) =>
    snapshot.next({ ...owners.all(), schema: Unchecked }, { ...walk, limit: ownersMax }),
  );
  const atEnd = page.length < ownersMax;
  const write = async (afterOwnerId: string | null) =>
    await deps.store.commit([overwrite(round, { v: 1, afterOwnerId })]);
  // Counts the whole page as checked first, so that a call which the platform ends isn't repeated
  // with the same owners for ever.
  const end = page.at(-1)?.value.id ?? null;
  await write(atEnd ? null : end);
  const giveUpAt = deps.now() + checkingMsMax;
  let last = behind;
  for (const { value: stored } of page) {
    if (deps.now() > giveUpAt) break;
    const outcome = await checkOne(deps, stored);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    last = stored.id;
  }
  if (last !== end) await write(last);
  return counts;
}

async function checkOne(deps: Deps, stored: z.infer<typeof Unchecked>): Promise<Name> {
  try {
    return await check(deps, ownerOf(parseStored(OwnerProfile, stored)));
  } catch (cause) {
    logFailure("a ledger couldn't be checked; it is tried again", cause, {
      ownerId: stored.id,
    });
    return "failed";
  }
}

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
