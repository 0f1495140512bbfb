import type { Owner } from "#shared/identity/owner";
import { accountId, accounts } from "#shared/store/owners";
import type { Store } from "#shared/store/store";
import { daysOf, type Span, spanOf } from "./period.ts";
import { daysMax, ofEach } from "./spending.ts";

/** One of `sumOf` for the whole period, and one for each of its days, each with its span. */
export async function sumByDay<T>(
  { store, owner, now }: { readonly store: Store; readonly owner: Owner; readonly now: number },
  query: Parameters<typeof spanOf>[0],
  sumOf: (span: Span) => Promise<T>,
): Promise<{ readonly whole: T & { span: Span }; readonly byDay: (T & { span: Span })[] }> {
  const { createdAt } = (await store.require(accounts.of(owner, accountId))).value;
  const span = spanOf(query, { createdAt, now });
  const withSpan = async (part: Span) => ({ ...(await sumOf(part)), span: part });
  const days = daysOf(span, { createdAt, now, max: daysMax });
  const [whole, byDay] = await Promise.all([withSpan(span), ofEach(days, withSpan)]);
  return { whole, byDay };
}
