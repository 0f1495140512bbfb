/** Reads the account along with a period, because no period begins before the account. */
import type * as z from "zod";
import type { Owner } from "#shared/identity/owner";
import { accountId, accounts } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";
import { daysOf, type PeriodQuery, type Span, spanOf } from "./period.ts";

/** The most days in a list; of a longer period, the newest days are shown. */
const daysMax = 366;

type Period = Partial<z.output<typeof PeriodQuery>> & Pick<z.output<typeof PeriodQuery>, "period">;

/** The span that `query` names, and its UTC days, oldest first. */
export async function readPeriod(
  store: ReadStore,
  owner: Owner,
  { query, now }: { readonly query: Period; readonly now: number },
): Promise<{ readonly span: Span; readonly days: readonly Span[] }> {
  const createdAt = await readCreatedAt(store, owner);
  const span = spanOf(query, { createdAt, now });
  return { span, days: daysOf(span, { createdAt, now, max: daysMax }) };
}

/** The last N UTC days, today included, oldest first; fewer if the account is younger. */
export async function readLastDays(
  store: ReadStore,
  owner: Owner,
  { days, now }: { readonly days: number; readonly now: number },
): Promise<readonly Span[]> {
  const createdAt = await readCreatedAt(store, owner);
  return daysOf({ from: 0, to: now }, { createdAt, now, max: days });
}

async function readCreatedAt(store: ReadStore, owner: Owner): Promise<number> {
  return (await store.require(accounts.of(owner, accountId))).value.createdAt;
}
