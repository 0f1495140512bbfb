/**
 * Contains a key, an owner or an environment (INC-4): the commit that does it changes the account,
 * where every start is decided, and names no version, so nothing that the contained do can delay
 * it (KEY-10). Executions are stopped after it, when none can be added; if the process dies, a
 * sweep goes on. `contain-everybody.ts` contains all owners.
 */

import { containedMax, holds } from "../core/keys/admission.ts";
import { allInOrder } from "../errors/all-in-order.ts";
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
import { holdKey, holdSuccessors } from "./key-lineage.ts";

/** More than an owner can have unfinished. */
const executionsMax = 1_000;

/** A target with the documents that containing it changes. */
export type ContainmentTarget =
  | {
      readonly target: "key";
      readonly whole: WholeOwner;
      readonly keyId: string;
      /** The first key of its rotations. */
      readonly lineageId: string;
      /** The key, and all live ones that it was rotated from or to. */
      readonly keys: readonly FoundKey[];
    }
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
  about: Pick<Containment, "target" | "ownerId" | "mode" | "subject"> &
    Partial<Pick<Containment, "lineageId" | "keyIds">>,
): Containment {
  return {
    v: 1,
    id,
    incidentId,
    lineageId: null,
    keyIds: [],
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
  const about = { target: found.target, ownerId, mode, subject, ...heldKeys(found) };
  const containment = newContainment(order, about);
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
  if (found.target === "key") return found.keyId;
  return found.target === "environment" ? found.environmentId : null;
}

function heldKeys(found: ContainmentTarget) {
  if (found.target !== "key") return {};
  return { lineageId: found.lineageId, keyIds: found.keys.map(({ value }) => value.id) };
}

/** An account that is suspended for another reason is held for this one, too. */
function requireFree(found: ContainmentTarget, subject: string | null): void {
  const { account } = found.whole;
  const isHeld = found.target === "key" && holds(account, found.lineageId);
  if (isHeld || (subject !== null && holds(account, subject)))
    throw new ApiError("CONFLICT", { message: "That is held already." });
}

function targetWrites(order: Order, found: ContainmentTarget): readonly Write[] {
  const { now, id, operatorId, requestId } = order;
  const { owner } = found.whole;
  if (found.target === "owner") {
    const by = { actor: { type: "operator" as const, id: operatorId }, requestId };
    return suspend(found.whole, { reason: id, stop: true, by, now });
  }
  // Nothing that a successor asks for is admitted either, even one that this commit didn't know.
  const also = found.target === "key" ? { [`contained.${found.lineageId}`]: now } : {};
  const held = { [`contained.${subjectOf(found)}`]: now, ...also } as const;
  const ref = accounts.of(owner, accountId);
  const account = patchInside(ref, held, { updatedAt: now }, { mustExist: true });
  if (found.target === "environment") return [account];
  return [...found.keys.map((key) => holdKey(key, id)), account];
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
  const also = found.target === "key" ? [`contained.${found.lineageId}`] : [];
  const removes = [...new Set([`contained.${subjectOf(found)}`, ...also])];
  const how = { removes, mustExist: true } as const;
  const account = patch(accounts.of(owner, accountId), { updatedAt: now }, how);
  if (found.target === "environment") return [account, done];
  const own = found.keys.filter(({ value }) => value.containedBy === containment.id);
  const free = { containedBy: null, ownerState: profile.state };
  return [...own.map(({ ref }) => patch(ref, free, { mustExist: true })), account, done];
}

/** What was stopped, and all keys that are held. */
interface Finished {
  readonly executionIds: readonly string[];
  readonly keyIds: readonly string[];
}

/** Returns once no instance accepts what is contained, and its executions are stopped. */
export async function finishContainment(
  deps: StopDeps,
  containment: Containment,
): Promise<Finished> {
  const { id, target, ownerId, mode, subject, requestId } = containment;
  if (ownerId === null || mode === null) return { executionIds: [], keyIds: [] };
  const owner = mintOwner(ownerId, mode);
  const by = { actor: { type: "operator" as const, id: containment.by }, requestId };
  const done = async () =>
    await withDeadline(deps.store.commit([patch(containments.doc(id), { dueAt: null })]));
  if (target === "owner") {
    const ids = await followAccount(deps, ownerId);
    await done();
    return { executionIds: ids, keyIds: [] };
  }
  if (target === "key") {
    const keyIds = await holdSuccessors(deps.store, containment);
    const closing = { owner, stop: true, by, goesOn: true, done: async () => undefined };
    const closed = keyIds.map(async (keyId) => await finishClosing(deps, { ...closing, keyId }));
    const executionIds = (await allInOrder(closed)).flat();
    await done();
    return { executionIds, keyIds };
  }
  const ids = await runningIn(deps, owner, subject ?? "");
  await stopExecutions(deps, owner, { ids, by });
  await done();
  return { executionIds: ids, keyIds: [] };
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
      outOfTurn: true,
    }),
  );
  return (await allInOrder(found)).flat().map(({ id }) => id);
}
