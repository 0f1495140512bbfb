/** Says whether an execution could start now, decided by the code that starts one (F17). */

import { deploymentLimits } from "#shared/config";
import { admits, holdsKey } from "#shared/core/keys/admission";
import { allows } from "#shared/core/keys/scopes";
import type { Account } from "#shared/core/money/account";
import { type HoldRefusal, refusalOf } from "#shared/core/money/hold";
import { computeCostMicrousd } from "#shared/core/money/pricing";
import { currentDefaults } from "#shared/environments/default-environment";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { effectiveLimits, firstHoldRequest } from "#shared/executions/first-hold-request";
import { startRefusal } from "#shared/executions/start-refusal";
import type { Owner } from "#shared/identity/owner";
import { lacksScope } from "#shared/keys/require-key-scope";
import type { Profile } from "#shared/protocol/job";
import type { ApiKey } from "#shared/store/api-keys";
import { environments } from "#shared/store/environments";
import { accountId, accounts } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";

/** The profile that the default environment gets when it is created. */
const usualProfile: Profile = "lite";

export interface StartPlace {
  readonly account: Account;
  readonly environmentId: string | null;
  readonly profile: Profile;
}

/** The account, and where an execution would run: the given environment or the default one. */
export async function readPlace(
  store: ReadStore,
  owner: Owner,
  asked: {
    readonly environmentId?: string | undefined;
    readonly computeProfile?: Profile | undefined;
  },
): Promise<StartPlace> {
  const [{ value: account }, environment] = await allInOrder([
    store.require(accounts.of(owner, accountId)),
    readEnvironment(store, owner, asked),
  ]);
  const profile = asked.computeProfile ?? environment?.profile ?? usualProfile;
  return { account, environmentId: environment?.id ?? null, profile };
}

async function readEnvironment(
  store: ReadStore,
  owner: Owner,
  { environmentId, computeProfile }: Parameters<typeof readPlace>[2],
) {
  if (environmentId !== undefined) {
    const { value } = await store.get(environments.of(owner, environmentId));
    if (value) return value;
    throw new ApiError("NOT_FOUND", { message: "You have no such environment." });
  }
  if (computeProfile !== undefined) return null;
  const [found] = await currentDefaults(store, owner);
  return found?.value ?? null;
}

export interface StartPreview {
  /** The refusal of a start; null if it would be accepted. */
  readonly refusal: ApiError | null;
  /** The first hold, and the highest cost. */
  readonly requiredMicrousd: number;
  readonly maxMicrousd: number;
  /** Whether the highest cost could be held at once. */
  readonly affordable: boolean;
  readonly wallClockMs: number;
}

export function previewStart(key: ApiKey, place: StartPlace, now: number): StartPreview {
  const { account, profile } = place;
  const limits = effectiveLimits(deploymentLimits(), account);
  const { wallClockMs } = limits;
  const asked = firstHoldRequest({ key, execution: { profile, wallClockMs }, limits, now });
  const ceilingMicrousd = key.executionCostMaxMicrousd ?? Number.POSITIVE_INFINITY;
  const maxMicrousd = Math.min(computeCostMicrousd(profile, wallClockMs), ceilingMicrousd);
  const wholeMicrousd = Math.max(maxMicrousd, asked.amountMicrousd);
  const may = mayStart(key, account);
  const refused = refusalOf(account, asked);
  const whole = refusalOf(account, { ...asked, amountMicrousd: wholeMicrousd });
  const refuse = (refusal: HoldRefusal) => startRefusal(refusal, { account, limits, now });
  return {
    refusal: may ?? (refused && refuse(refused)),
    requiredMicrousd: asked.amountMicrousd,
    maxMicrousd,
    affordable: may === null && whole === null,
    wallClockMs,
  };
}

function mayStart(key: ApiKey, account: Account): ApiError | null {
  const isAdmitted = admits(account.admission, key.id) && !holdsKey(account, key);
  if (!isAdmitted) return new ApiError("UNAUTHORIZED");
  return allows(key.scopes, "execute") ? null : lacksScope("execute");
}
