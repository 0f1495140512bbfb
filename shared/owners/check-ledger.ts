/**
 * Checks whether an account equals what its ledger adds up to. Settled lines are added up once and
 * kept as sums; newer lines are read together with the account in one snapshot.
 */
import type { Account } from "../core/money/account.ts";
import {
  addLine,
  type Difference,
  differences,
  holdDifferences,
  type LedgerSums,
  noLines,
} from "../core/money/ledger.ts";
import { runDifferences } from "../core/money/run-hold.ts";
import type { Owner } from "../identity/owner.ts";
import { executions, hasEnded } from "../store/executions.ts";
import type { LedgerCheck } from "../store/ledger-checks.ts";
import { accountId, accounts, ledger } from "../store/owners.ts";
import type { Cursor } from "../store/queries.ts";
import type { ReadSnapshot } from "../store/read-snapshot.ts";
import type { Store } from "../store/store.ts";
import { formatVersion } from "../store/versions.ts";

/** The rest of an execution may be a megabyte. */
const Held = executions.schema.pick({ id: true, status: true, holdMicrousd: true });
/** No line is committed later than this after the time it states. */
export const settledMs = 10 * 60_000;
const pageLengthMax = 500;
/** Pages of recent lines, read in one transaction. */
const recentPagesMax = 100;

export interface CountedLedger {
  readonly sums: LedgerSums;
  readonly place: Cursor | null;
}

export const nothingCounted: CountedLedger = { sums: noLines, place: null };

export type Checked = CountedLedger & {
  /** `behind`: more must be read than one call may; the next call continues from `place`. */
  readonly outcome: "balanced" | "differs" | "behind" | "unchanged";
  readonly differences: readonly Difference[];
  /** The sums of all lines that were read. */
  readonly total: LedgerSums;
  readonly account: Account | null;
  readonly accountVersion: string | null;
};

export interface CheckOptions {
  readonly from: CountedLedger;
  /** The account version that was last found in order; if it is unchanged, the check stops. */
  readonly unless: string | null;
  readonly pagesMax: number;
  readonly now: number;
}

/** Adds up what came since `from` and compares. Changes nothing. */
export async function checkLedger(
  store: Store,
  owner: Owner,
  options: CheckOptions,
): Promise<Checked> {
  const first = await store.get(accounts.of(owner, accountId));
  const version = first.version && formatVersion(first.version);
  if (version !== null && version === options.unless) {
    const same = { account: first.value, accountVersion: version, total: options.from.sums };
    return { ...options.from, ...same, outcome: "unchanged", differences: [] };
  }
  const { counted, complete } = await countSettled(store, owner, options);
  const seen = complete
    ? await store.withSnapshot((snapshot) => compare(snapshot, owner, counted))
    : null;
  if (seen) return { ...counted, ...seen };
  const unknown = { account: first.value, accountVersion: version, total: counted.sums };
  return { ...counted, ...unknown, outcome: "behind", differences: [] };
}

/** Continues the sums over lines that are old enough that none can be added before them. */
async function countSettled(
  store: Store,
  owner: Owner,
  { from, pagesMax, now }: CheckOptions,
): Promise<{ readonly counted: CountedLedger; readonly complete: boolean }> {
  let counted = from;
  for (let page = 0; page < pagesMax; page += 1) {
    const walk = { after: counted.place, until: now - settledMs, limit: pageLengthMax };
    const next = await store.withSnapshot((snapshot) =>
      countPage(snapshot, owner, { counted, walk }),
    );
    counted = next.counted;
    if (next.lines < pageLengthMax) return { counted, complete: true };
  }
  return { counted, complete: false };
}

async function countPage(
  snapshot: ReadSnapshot,
  owner: Owner,
  page: {
    readonly counted: CountedLedger;
    readonly walk: {
      readonly after: Cursor | null;
      readonly until?: number;
      readonly limit: number;
    };
  },
): Promise<{ readonly counted: CountedLedger; readonly lines: number }> {
  const found = await snapshot.next(ledger.all(owner), { field: "createdAt", ...page.walk });
  const sums = found.reduce((sum, { value }) => addLine(sum, value), page.counted.sums);
  const last = found.at(-1)?.value;
  const place = last ? { value: last.createdAt, id: last.id } : page.counted.place;
  return { counted: { sums, place }, lines: found.length };
}

/** Compares the remaining lines, the account and its holds; null if there are too many lines. */
async function compare(
  snapshot: ReadSnapshot,
  owner: Owner,
  settled: CountedLedger,
): Promise<Omit<Checked, keyof CountedLedger> | null> {
  const { value: account, version } = await snapshot.get(accounts.of(owner, accountId));
  let recent = { counted: settled, lines: pageLengthMax };
  for (let page = 0; recent.lines === pageLengthMax; page += 1) {
    if (page === recentPagesMax) return null;
    const walk = { after: recent.counted.place, limit: pageLengthMax };
    recent = await countPage(snapshot, owner, { counted: recent.counted, walk });
  }
  const total = recent.counted.sums;
  // A ledger without an account is a fault as well.
  if (!account || !version) {
    const outcome = total.lines === 0 ? "balanced" : "differs";
    return { outcome, total, differences: [], account: null, accountVersion: null };
  }
  const refs = Object.keys(account.holds).map((id) => executions.of(owner, id));
  const open = (await snapshot.getParts(Held, refs)).filter((execution) => !hasEnded(execution));
  const found = [
    ...differences(account, total),
    ...holdDifferences(account, open),
    ...runDifferences(account),
  ];
  const outcome = found.length === 0 ? "balanced" : "differs";
  const accountVersion = formatVersion(version);
  return { outcome, total, differences: found, account, accountVersion };
}

/** The state that the next check starts from. */
export function asCheck(
  checked: Checked,
  context: { readonly recounting: boolean; readonly now: number },
): LedgerCheck {
  const { sums, place, outcome, accountVersion } = checked;
  const inOrder = outcome === "balanced" || outcome === "unchanged";
  return {
    v: 1,
    sums,
    place: place && { value: Number(place.value), id: place.id },
    recounting: context.recounting && !inOrder,
    accountVersion: inOrder ? accountVersion : null,
    checkedAt: context.now,
  };
}
