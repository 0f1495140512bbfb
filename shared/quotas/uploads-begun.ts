/** Uploads that an account has begun lately, whatever became of them. */
import { dayMs } from "../core/retention/periods.ts";
import type { Owner } from "../identity/owner.ts";
import type { ReadStore } from "../store/store.ts";
import { transfers } from "../store/transfers.ts";

/**
 * Longer than Cloud Storage lets a session store anything, which is a week, after the quarter of an
 * hour in which it may begin.
 */
export const uploadSessionMs = 8 * dayMs;

/** Those that may still have a session. */
export async function uploadsBegun(
  store: Pick<ReadStore, "sum">,
  owner: Owner,
  now: number,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const { count, sums } = await store.sum(allTransfers(owner), {
    where: [["kind", "upload"]],
    between: { field: "createdAt", from: now - uploadSessionMs, to: undefined },
    fields: ["sizeBytes"],
  });
  return { count, bytes: sums[0] ?? 0 };
}

/** Also those of environments that the caller's key may not see. */
function allTransfers(owner: Owner) {
  const { path, schema } = transfers.all(owner);
  return { path, schema };
}
