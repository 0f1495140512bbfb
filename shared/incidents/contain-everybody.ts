/**
 * Contains all owners, or releases them: page after page, each owner in a commit that also checks
 * that the order still holds. Whatever dies, a sweep goes on at the place that is stored; an owner
 * who is suspended for another reason as well stays so.
 */

import pMap from "p-map";
import * as z from "zod";
import type { CallTurn } from "../core/call-turn.ts";
import { ApiError } from "../errors/api-error.ts";
import type { StopDeps } from "../executions/stop-executions.ts";
import { ownerOf } from "../owners/act-on-owner.ts";
import { followAccount, resume, suspend, wholeOwner } from "../owners/suspend-owner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { type Containment, containments, suspendedByContainments } from "../store/containments.ts";
import { create, parseStored, patch, remove, type Write } from "../store/documents.ts";
import { freezeEvidence, touchFreeze } from "../store/evidence-freezes.ts";
import { OwnerProfile, owners } from "../store/owners.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { isConflict, isUnavailableError, withDeadline } from "../store/with-deadline.ts";

const pageMax = 50;
const ownersAtOnce = 10;
/** So many owners of a page may fail for a reason that may pass, before it is given up. */
const failuresMax = 3;
/** How many accounts that couldn't be turned are named. */
const failedMax = 100;

/** A profile is parsed in its own turn. */
const Unread = z.looseObject({ id: z.string() });

type FoundContainment = FoundDocument<typeof containments.schema>;

/** @returns whether all owners are done; if not, the next call goes on. */
export async function turnEverybody(
  deps: StopDeps,
  containmentId: string,
  turn: CallTurn,
): Promise<boolean> {
  while (!turn.isLate()) {
    const found = await deps.store.require(containments.doc(containmentId));
    if (found.value.dueAt === null) return true;
    if (await turnPage(deps, found, turn)) return true;
  }
  return false;
}

/** One page of owners. @returns whether it was the last one. */
async function turnPage(
  deps: StopDeps,
  found: FoundContainment,
  { report }: CallTurn,
): Promise<boolean> {
  const { ref, value, version } = found;
  const behind = value.afterOwnerId;
  const page = await deps.store.findAll(
    { ...owners.all(), schema: Unread },
    {
      orderBy: [["id", "asc"]],
      ...(behind === null ? {} : { after: { value: behind, id: behind } }),
      limit: pageMax,
      outOfTurn: true,
    },
  );
  const failures: unknown[] = [];
  const turnUnread = async ({ value: stored }: (typeof page)[number]) => {
    // The database doesn't answer, and each owner would wait for that.
    if (failures.length >= failuresMax) return "nothing";
    try {
      return await turnOne(deps, found, parseStored(OwnerProfile, stored));
    } catch (cause) {
      if (mayPass(cause)) {
        failures.push(cause);
        return "nothing";
      }
      // It mustn't keep all behind it open; operators are told whose it is.
      report("an account couldn't be turned by a containment", cause, { ownerId: stored.id });
      return stored;
    }
  };
  const turned = await pMap(page, turnUnread, { concurrency: ownersAtOnce });
  // What may pass is tried again with its page, once all others of it have had their turn.
  if (failures.length > 0) throw failures[0];
  const unturned = turned.flatMap((one) => (typeof one === "string" ? [] : [one.id]));
  const failedOwnerIds = [...new Set([...value.failedOwnerIds, ...unturned])];
  const isEnd = page.length < pageMax;
  // An owner that changed meanwhile is tried again with its page.
  if (turned.includes("raced")) return false;
  const place = isEnd
    ? { afterOwnerId: null, dueAt: null }
    : { afterOwnerId: page.at(-1)?.value.id ?? null, dueAt: deps.now() };
  try {
    const failed = { failedOwnerIds: failedOwnerIds.slice(0, failedMax) };
    const moved = patch(ref, { ...place, ...failed }, { version });
    await withDeadline(deps.store.commitWithoutRetry([moved]));
  } catch (error) {
    // It was released meanwhile, or another instance has come as far.
    if (!isConflict(error)) throw error;
    return false;
  }
  return isEnd;
}

/** Whether the database didn't answer, or others changed the same account all the time. */
function mayPass(cause: unknown): boolean {
  const isContended = cause instanceof ApiError && cause.code === "CONTENTION";
  return isContended || isUnavailableError(cause) || isConflict(cause);
}

async function turnOne(
  deps: StopDeps,
  { ref, value, version }: FoundContainment,
  profile: OwnerProfile,
): Promise<"turned" | "raced" | "nothing"> {
  const owner = ownerOf(profile);
  const marker = await deps.store.get(suspendedByContainments.of(owner, value.id));
  const isReleasing = value.releasedAt !== null;
  const isDue = (marker.value !== null) === isReleasing;
  if (!isDue) {
    // The process may have died between the commit and what follows it.
    if (marker.value !== null) await followAccount(deps, owner.id);
    return "nothing";
  }
  const whole = await wholeOwner(deps.store, owner.id);
  const now = deps.now();
  const by = { actor: { type: "operator" as const, id: value.by }, requestId: value.requestId };
  const reason = value.id;
  const mark: Write = isReleasing
    ? remove(marker.ref, marker.version)
    : create(marker.ref, { v: 1, at: now });
  const writes = [
    ...(isReleasing
      ? resume(whole, { reason, by, now })
      : suspend(whole, { reason, stop: true, by, now })),
    mark,
    ...(isReleasing ? [] : [touchFreeze(owner.id, now)]),
    auditEntry(owner, {
      id: deps.newId("auditRow"),
      at: now,
      actor: by.actor,
      action: isReleasing ? "owner.resumed" : "owner.suspended",
      subject: owner.id,
      requestId: by.requestId,
      facts: { containmentId: value.id, incidentId: value.incidentId },
      sealedDetails: null,
    }),
    // Changes nothing, but fails if the containment was released or has gone on since it was read.
    patch(ref, { id: value.id }, { version }),
  ];
  try {
    await withDeadline(deps.store.commitWithoutRetry(writes));
  } catch (error) {
    if (isConflict(error)) return "raced";
    throw error;
  }
  await followAccount(deps, owner.id);
  return "turned";
}

/** The order to contain everybody: the first commit, after which the round begins. */
export function everybodyWrites(containment: Containment): readonly Write[] {
  return [
    create(containments.doc(containment.id), containment),
    freezeEvidence("all", containment.incidentId, containment.createdAt),
  ];
}
