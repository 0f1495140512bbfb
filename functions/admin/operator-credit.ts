/**
 * Money that an operator gives or takes: at once up to a sum per owner and day; beyond it, as a
 * request that a second operator confirms. Pure except for reading.
 */
import { deploymentLimits } from "#shared/config";
import { type Account, inPeriod } from "#shared/core/money/account";
import { adjust, countAlone } from "#shared/core/money/adjust";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import type { Ids } from "#shared/pipeline/route";
import { type CreditRequest, creditRequests } from "#shared/store/credit-requests";
import { create, type Snapshot, type Write } from "#shared/store/documents";
import { ledger } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";

export interface MoneyOrder {
  readonly type: "credit" | "adjustment";
  readonly amountMicrousd: number;
  readonly description: string;
}

export interface OrderRead {
  readonly owner: Owner;
  readonly entryId: string;
  readonly requestId: string;
  /** What an earlier request with the same Idempotency-Key created. */
  readonly entry: Snapshot<typeof ledger.schema>;
  readonly request: Snapshot<typeof creditRequests.schema>;
}

export async function readOrder(store: ReadStore, owner: Owner, ids: Ids): Promise<OrderRead> {
  const idOf = (kind: "ledgerEntry" | "creditRequest") => ids.ofRequest(kind) ?? ids.next(kind);
  const entryId = idOf("ledgerEntry");
  const requestId = idOf("creditRequest");
  const refs = [ledger.of(owner, entryId), creditRequests.of(owner, requestId)] as const;
  const [entry, request] = await store.getAll(...refs);
  return { owner, entryId, requestId, entry, request };
}

export type Ordered =
  | { readonly outcome: "posted"; readonly account: Account; readonly writes: readonly Write[] }
  | {
      readonly outcome: "requested";
      readonly request: CreditRequest;
      readonly writes: readonly Write[];
    };

/** @throws {ApiError} `ADJUSTMENT_TOO_LARGE`. */
export function decideOrder(
  order: MoneyOrder,
  data: OrderRead,
  context: { readonly operatorId: string; readonly account: Account; readonly now: number },
): Ordered {
  const { account, now, operatorId } = context;
  const { aloneMicrousdMax, requestMs } = deploymentLimits().credits;
  const counted = countAlone(inPeriod(account, now), order.amountMicrousd, aloneMicrousdMax);
  if (counted) {
    const posted = post(data.owner, order, { id: data.entryId, account: counted, now });
    return { outcome: "posted", ...posted };
  }
  const asked: CreditRequest = {
    v: 1,
    id: data.requestId,
    ...order,
    state: "pending",
    requestedBy: operatorId,
    requestedAt: now,
    expiresAt: now + requestMs,
    decidedBy: null,
    decidedAt: null,
  };
  return { outcome: "requested", request: asked, writes: [create(data.request.ref, asked)] };
}

/** Changes the balance and writes the ledger line. @throws {ApiError} `ADJUSTMENT_TOO_LARGE`. */
export function post(
  owner: Owner,
  { type, amountMicrousd, description }: MoneyOrder,
  target: { readonly id: string; readonly account: Account; readonly now: number },
): { readonly account: Account; readonly writes: readonly Write[] } {
  const { id, now } = target;
  // Its ledger is in the archive already, and nothing that comes later would get there.
  if (target.account.suspensions.deletion !== undefined) {
    const message = "The account is being deleted; cancel that before you move its money.";
    throw new ApiError("CONFLICT", { message });
  }
  const account = adjust(target.account, amountMicrousd, now);
  if (!account) throw new ApiError("ADJUSTMENT_TOO_LARGE");
  const line = {
    v: 1 as const,
    id,
    type,
    amountMicrousd,
    lossMicrousd: 0,
    executionId: null,
    threadId: null,
    keyId: null,
    description,
    createdAt: now,
  };
  return { account, writes: [create(ledger.of(owner, id), line)] };
}
