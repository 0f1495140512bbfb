import type { IncomingMessage } from "node:http";
import type { Owner } from "#shared/identity/owner";
import { reserveStored, type StoringDeps } from "#shared/quotas/store-object";

/** Requests whose bytes are counted already: a decision may be repeated. */
const reserved = new WeakSet<IncomingMessage>();

/** @throws {ApiError} `QUOTA_REACHED`, `UNAVAILABLE`. */
export async function reserveOnce(
  deps: StoringDeps,
  owner: Owner,
  { raw, sizeBytes }: { readonly raw: IncomingMessage; readonly sizeBytes: number },
): Promise<void> {
  if (reserved.has(raw)) return;
  await reserveStored(deps, owner, sizeBytes);
  reserved.add(raw);
}
