import type { IncomingMessage } from "node:http";
import type { Owner } from "#shared/identity/owner";
import { type Reserved, reserveTransfer } from "#shared/quotas/reserve-transfer";
import type { StoringDeps } from "#shared/quotas/store-object";
import type { Transfer } from "#shared/store/transfers";

/** What requests have counted already: a decision may be repeated. */
const reserved = new WeakMap<IncomingMessage, Reserved>();

/** @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`. */
export async function reserveOnce(
  deps: StoringDeps,
  owner: Owner,
  { raw, transfer }: { readonly raw: IncomingMessage; readonly transfer: Transfer },
): Promise<Reserved> {
  const known = reserved.get(raw);
  if (known) return known;
  const made = await reserveTransfer(deps, owner, transfer);
  reserved.set(raw, made);
  return made;
}

/** What a request has counted and must take back, if it fails. */
export function reservedBy(raw: IncomingMessage): Reserved | null {
  return reserved.get(raw) ?? null;
}
