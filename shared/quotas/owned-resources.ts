/** The quotas on what an owner makes: agents, environments, schedules, and so on. */
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import {
  type Counted,
  laterKinds,
  type OwnedCount,
  type OwnedKind,
  withOneMore,
} from "../core/limits/owned-count.ts";
import type { Account } from "../core/money/account.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { agents } from "../store/agents.ts";
import { StaleRead } from "../store/change.ts";
import type { CollectionRef } from "../store/documents.ts";
import { environments } from "../store/environments.ts";
import { orchestrations } from "../store/orchestrations.ts";
import { accountId, accounts } from "../store/owners.ts";
import { schedules } from "../store/schedules.ts";
import { skills } from "../store/skills.ts";
import type { ReadStore } from "../store/store.ts";
import { threads } from "../store/threads.ts";
import { triggers } from "../store/triggers.ts";

type Quotas = DeploymentLimits["quotas"];

const maxOf: Readonly<Record<OwnedKind, keyof Quotas>> = {
  agents: "agentsMax",
  environments: "environmentsMax",
  threads: "threadsMax",
  schedules: "schedulesMax",
  triggers: "triggersMax",
  orchestrations: "orchestrationsMax",
  skills: "skillsMax",
};

const isLater = (kind: string) => (laterKinds as readonly string[]).includes(kind);

/** The account's bound of one kind; none if it was never counted. */
function boundOf({ counts, laterCounts }: Account, kind: OwnedKind): OwnedCount | undefined {
  const all: Readonly<Record<string, OwnedCount>> = isLater(kind) ? laterCounts : counts;
  return all[kind];
}

/** All of the owner's things of one kind, even those that the caller's key may not see. */
function allOf(owner: Owner, kind: OwnedKind): CollectionRef {
  const collections = {
    agents,
    environments,
    threads,
    schedules,
    triggers,
    orchestrations,
    skills,
  };
  const { path, schema } = collections[kind].all(owner);
  return { path, schema };
}

/**
 * Counts the owner's things if the decision is repeated. The first time it returns null, because
 * the account's upper bound usually suffices; if it doesn't, `withOneMoreOwned` throws `StaleRead`,
 * and the pipeline reads again with `repeated: true`.
 */
export async function countOwnedIfRepeated(
  store: ReadStore,
  owner: Owner,
  { kind, repeated }: { readonly kind: OwnedKind; readonly repeated: boolean },
): Promise<Counted | null> {
  return repeated ? await countOwned(store, owner, kind) : null;
}

/** Counts the owner's things of one kind, for the decision to make one more. */
export async function countOwned(
  store: ReadStore,
  owner: Owner,
  kind: OwnedKind,
): Promise<Counted> {
  // The account is read first: if a thing is made after that, the decision is repeated.
  const { value } = await store.get(accounts.of(owner, accountId));
  const { count } = await store.sum(allOf(owner, kind), { fields: [] });
  return { count, made: (value && boundOf(value, kind)?.made) ?? null };
}

/**
 * The account with one more thing of a kind, to be committed together with that thing.
 * @throws {ApiError} `QUOTA_REACHED`. @throws {StaleRead} If the things must be counted first.
 */
export function withOneMoreOwned(
  account: Account | null,
  {
    kind,
    counted,
    quotas,
  }: { readonly kind: OwnedKind; readonly counted: Counted | null; readonly quotas: Quotas },
  now: number,
): Account {
  if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
  const limit = quotas[maxOf[kind]];
  const next = withOneMore(boundOf(account, kind), counted, limit);
  if (next === "unknown") throw new StaleRead();
  if (next === "full") throw quotaReached(kind, limit);
  const field = isLater(kind) ? "laterCounts" : "counts";
  return { ...account, [field]: { ...account[field], [kind]: next }, updatedAt: now };
}

/** Refuses early, before work whose commit would be refused. @throws {ApiError} `QUOTA_REACHED`. */
export function requireRoomFor(kind: OwnedKind, counted: Counted | null, quotas: Quotas): void {
  const limit = quotas[maxOf[kind]];
  if (counted && counted.count >= limit) throw quotaReached(kind, limit);
}

function quotaReached(kind: OwnedKind, limit: number): ApiError {
  const message = `An account has at most ${limit} ${kind}; this one has reached that.`;
  return new ApiError("QUOTA_REACHED", { message, details: { of: kind, limit } });
}
