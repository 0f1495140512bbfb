import type { IncomingMessage } from "node:http";
import type { Owner } from "#shared/identity/owner";
import { type Reserved, reserveTransfer } from "#shared/quotas/reserve-transfer";
import type { StoringDeps } from "#shared/quotas/store-object";
import type { Transfer } from "#shared/store/transfers";
import { OncePerRequest } from "./once-per-request.ts";

const reservations = new OncePerRequest<Reserved>();

/** @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`. */
export async function reserveOnce(
  deps: StoringDeps,
  owner: Owner,
  { raw, transfer }: { readonly raw: IncomingMessage; readonly transfer: Transfer },
): Promise<Reserved> {
  return await reservations.do(raw, async () => await reserveTransfer(deps, owner, transfer));
}

/** What a request has counted and must take back, if it fails. */
export async function reservedBy(raw: IncomingMessage): Promise<Reserved | null> {
  return await reservations.doneBy(raw);
}
