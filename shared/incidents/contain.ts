/**
 * Contains a key, an owner or an environment (INC-4): the commit that does it changes the account,
 * where every start is decided, and names no version, so nothing that the contained do can delay
 * it (KEY-10). Executions are stopped after it, when none can be added; if the process dies, a
 * sweep goes on. `contain-everybody.ts` contains all owners.
 */

import { containedMax, holds } from "../core/keys/admission.ts";
import { ApiError } from "../errors/api-error.ts";
import { type StopDeps, stopExecutions } from "../executions/stop-executions.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { type FoundKey, finishClosing, stopDeadlineMs } from "../keys/revoke-keys.ts";
import { followAccount, resume, suspend, type WholeOwner } from "../owners/suspend-owner.ts";
import type { Containment } from "../store/containments.ts";
import { containments } from "../store/containments.ts";
import { create, patch, patchInside, type Write } from "../store/documents.ts";
import { freezeEvidence } from "../store/evidence-freezes.ts";
import { executions } from "../store/executions.ts";
import { accountId, accounts } from "../store/owners.ts";
import { withDeadline } from "../store/with-deadline.ts";

/** More than an owner can have unfinished. */
const executionsMax = 1_000;

/** A target with the documents that containing it changes. */
export type ContainmentTarget =
  | { readonly target: "key"; readonly whole: WholeOwner; readonly key: FoundKey }
  | { readonly target: "owner"; readonly whole: WholeOwner }
  | { readonly target: "environment"; readonly whole: WholeOwner; readonly environmentId: string };

interface Order {
  readonly id: string;
  readonly incidentId: string;
  readonly operatorId: string;
  readonly requestId: string;
  readonly now: number;
}

export function newContainment(
  { id, incidentId, operatorId, requestId, now }: Order,
  about: Pick<Containment, "target" | "ownerId" | "mode" | "subject">,
): Containment {
  return {
    v: 1,
    id,
    incidentId,
    ...about,
    by: operatorId,
    requestId,
    createdAt: now,
    releasedAt: null,
    releasedBy: null,
    afterOwnerId: null,
    failedOwnerIds: [],
    dueAt: now + stopDeadlineMs,
  };
}

/** The containment and its writes. Pure. @throws {ApiError} `CONFLICT` if it is held already. */
export function containTarget(order: Order, found: ContainmentTarget) {
  const { owner, account } = found.whole;
  const { id: ownerId, mode } = owner;
  const subject = subjectOf(found);
  const containment = newContainment(order, { target: found.target, ownerId, mode, subject });
  requireFree(found, subject);
  const writes = [
    ...targetWrites(order, found),
    create(containments.doc(order.id), containment),
    freezeEvidence(ownerId, order.incidentId, order.now),
  ];
  if (found.target !== "owner" && Object.keys(account.contained).length >= containedMax) {
    const message = "Too many keys and environments of this account are held; hold the account.";
    throw new ApiError("CONFLICT", { message });
  }
  return { containment, writes };
}

function subjectOf(found: ContainmentTarget): string | null {
  if (found.target === "key") return found.key.value.id;
  return found.target === "environment" ? found.environmentId : null;
}

/** An account that is suspended for another reason is held for this one, too. */
function requireFree({ whole: { account } }: ContainmentTarget, subject: string | null): void {
  if (subject !== null && holds(account, subject))
    throw new ApiError("CONFLICT", { message: "That is held already." });
}

function targetWrites(order: Order, found: ContainmentTarget): readonly Write[] {
  const { now, id, operatorId, requestId } = order;
  const { owner } = found.whole;
  if (found.target === "owner") {
    const by = { actor: { type: "operator" as const, id: operatorId }, requestId };
    return suspend(found.whole, { reason: id, stop: true, by, now });
  }
  const held = { [`contained.${subjectOf(found)}`]: now } as const;
  const account = patchInside(accounts.of(owner, accountId), held, { updatedAt: now });
  if (found.target === "environment") return [account];
  return [patch(found.key.ref, { containedBy: id, ownerState: "suspended" }), account];
}

/** The writes that let go what a containment holds. Pure. */
export function releaseTarget(
  containment: Containment,
  found: ContainmentTarget,
  { operatorId, requestId, now }: Pick<Order, "operatorId" | "requestId" | "now">,
): readonly Write[] {
  const { owner, profile } = found.whole;
  const released = { releasedAt: now, releasedBy: operatorId, dueAt: null };
  const done = patch(containments.doc(containment.id), released);
  if (found.target === "owner") {
    const by = { actor: { type: "operator" as const, id: operatorId }, requestId };
    return [...resume(found.whole, { reason: containment.id, by, now }), done];
  }
  const removes = [`contained.${subjectOf(found)}`];
  const account = patch(accounts.of(owner, accountId), { updatedAt: now }, { removes });
  if (found.target === "environment") return [account, done];
  return [patch(found.key.ref, { containedBy: null, ownerState: profile.state }), account, done];
}

/**
 * Returns once no instance accepts what is contained, and its executions are stopped.
 * @returns the ids of what was running.
 */
export async function finishContainment(
  deps: StopDeps,
  containment: Containment,
): Promise<readonly string[]> {
  const { id, target, ownerId, mode, subject, requestId } = containment;
  if (ownerId === null || mode === null) return [];
  const owner = mintOwner(ownerId, mode);
  const by = { actor: { type: "operator" as const, id: containment.by }, requestId };
  const done = async () =>
    await withDeadline(deps.store.commit([patch(containments.doc(id), { dueAt: null })]));
  if (target === "owner") {
    const ids = await followAccount(deps, ownerId);
    await done();
    return ids;
  }
  if (target === "key") {
    return await finishClosing(deps, { owner, keyId: subject, stop: true, by, done });
  }
  const ids = await runningIn(deps, owner, subject ?? "");
  await stopExecutions(deps, owner, { ids, by });
  await done();
  return ids;
}

const Named = executions.schema.pick({ id: true, environmentId: true });

async function runningIn({ store }: StopDeps, owner: Owner, environmentId: string) {
  const found = (["queued", "running"] as const).map((status) =>
    store.findParts(executions.all(owner), Named, {
      where: [
        ["status", status],
        ["environmentId", environmentId],
      ],
      orderBy: [],
      limit: executionsMax,
    }),
  );
  return (await Promise.all(found)).flat().map(({ id }) => id);
}
