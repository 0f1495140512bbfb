/** How much of the balance one key may have held at once, so that others can start (BUD-9). */
import { type Account, type Hold, heldMicrousd, lineageIn } from "./account.ts";

/** What enlarging a hold for model calls is judged by. */
export interface CallShare {
  /** What the execution's calls were charged so far: it is spent, and keeps nobody waiting. */
  readonly chargedMicrousd: number;
  /** Percentage of the balance that one key may have held. */
  readonly percentMax: number;
}

export function shareMicrousd({ balanceMicrousd }: Account, percentMax: number): number {
  return Math.floor((balanceMicrousd * percentMax) / 100);
}

/**
 * What the share of an execution's key leaves for its model calls; negative if the key holds more.
 * The only execution of a key may take all that is left, or a small account could pay for no call.
 */
export function shareLeftMicrousd(account: Account, held: Hold, share: CallShare): number {
  const lineageId = lineageIn(held);
  const ofKey = heldMicrousd(account, { lineageId });
  if (ofKey === held.amountMicrousd) return Number.POSITIVE_INFINITY;
  const charged = Object.values(account.holds)
    .filter((other) => lineageIn(other) === lineageId)
    .reduce((sum, other) => sum + (other.modelChargedMicrousd ?? 0), 0);
  const known = charged - (held.modelChargedMicrousd ?? 0) + share.chargedMicrousd;
  return shareMicrousd(account, share.percentMax) - (ofKey - known);
}
