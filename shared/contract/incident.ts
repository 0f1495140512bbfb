/** Bodies of incidents: what operators see of all, and what owners see of theirs. */
import * as z from "zod";
import { Notice } from "../core/incidents/notice.ts";
import { phases } from "../core/incidents/phases.ts";
import { detectors } from "../core/incidents/signals.ts";

const Source = z.enum([...detectors, "reported"]);

/** What an owner sees of an incident: nothing of other owners, and no notes. */
export const OwnersIncidentBody = z.object({
  id: z.string(),
  source: Source,
  title: z.string(),
  /** The owner's key that it is about; null if it isn't about a key. */
  keyId: z.string().nullable(),
  phase: z.enum(phases),
  openedAt: z.string(),
  lastAt: z.string(),
  closedAt: z.string().nullable(),
  /** What the deployment tells those affected; null until they are told. */
  notice: Notice.nullable(),
});
export type OwnersIncidentBody = z.infer<typeof OwnersIncidentBody>;

export const IncidentBody = z.object({
  id: z.string(),
  source: Source,
  title: z.string(),
  subject: z.string().nullable(),
  amount: z.int(),
  phase: z.enum(phases),
  /** Where it can go from here. */
  nextPhases: z.array(z.enum(phases)),
  assignee: z.string().nullable(),
  ownerIds: z.array(z.string()),
  openedAt: z.string(),
  lastAt: z.string(),
  closedAt: z.string().nullable(),
  /** When those affected must have been told, and the seconds left; negative afterwards. */
  notifyBy: z.string(),
  notifySecondsLeft: z.int(),
  notifiedAt: z.string().nullable(),
  /** What those affected are told, as an operator wrote it; or a draft. */
  notice: Notice,
  noticeIsDraft: z.boolean(),
  steps: z.array(
    z.object({
      phase: z.enum(phases),
      at: z.string(),
      by: z.string(),
      assignee: z.string().nullable(),
      note: z.string().nullable(),
    }),
  ),
});
export type IncidentBody = z.infer<typeof IncidentBody>;

export const ContainmentBody = z.object({
  id: z.string(),
  incidentId: z.string(),
  target: z.enum(["key", "owner", "environment", "all"]),
  ownerId: z.string().nullable(),
  subject: z.string().nullable(),
  /** The keys that it holds: the contained one, and those that it was rotated from or to. */
  keyIds: z.array(z.string()),
  by: z.string(),
  createdAt: z.string(),
  releasedAt: z.string().nullable(),
  /** Whether it is in force, or undone, completely; if not, a sweep goes on. */
  isDone: z.boolean(),
  /** Accounts that couldn't be stopped or released, or not wholly, for a lasting reason. */
  failedUserIds: z.array(z.string()),
});
export type ContainmentBody = z.infer<typeof ContainmentBody>;

/** A notification, without its text. */
export const DeliveryBody = z.object({
  id: z.string(),
  ownerId: z.string(),
  incidentId: z.string().nullable(),
  channel: z.enum(["email", "webhook"]).nullable(),
  /** Where it goes, and since when that has been the owner's; an owner may have been robbed. */
  target: z.string().nullable(),
  targetSince: z.string().nullable(),
  /** Whether the owner, or a thief, had replaced that target by another. */
  isEarlier: z.boolean(),
  state: z.enum(["waiting", "confirmed", "failed", "unreachable"]),
  createdAt: z.string(),
  confirmedAt: z.string().nullable(),
  /** When it is tried next; null if it isn't. */
  nextAttemptAt: z.string().nullable(),
  attempts: z.array(z.object({ at: z.string(), outcome: z.string() })),
});
export type DeliveryBody = z.infer<typeof DeliveryBody>;
