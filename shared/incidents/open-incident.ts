/** Opens incidents: what a detector found, or what an operator reports. Pure. */
import { derivedId } from "../core/ids.ts";
import type { Detector } from "../core/incidents/signals.ts";
import { operatorsTrail } from "../identity/owner.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { create, type Write } from "../store/documents.ts";
import { type Incident, ownersIncidents } from "../store/incidents.ts";

/** The time to notify those affected (INC-5). */
const notifyWithinMs = 72 * 3_600_000;
/** When a person is reminded of it for the first time, and how often afterwards. */
const firstReminderMs = 48 * 3_600_000;
export const remindEveryMs = 6 * 3_600_000;

/** How many accounts an incident may concern: all are told in one commit, which has 400 writes. */
export const affectedMax = 180;

export const detectorTitles: Readonly<Record<Detector, string>> = {
  refusals: "A key was refused very often",
  networks: "A key was used from several new networks",
  spending: "An account spends far more than usual",
  denials: "Many executions of an account ended at a wall of the sandbox",
  redactions: "Executions of an account print secrets",
  downloads: "An account has downloaded very much",
  ledger: "An account contradicts its ledger",
};

interface Found {
  readonly id: string;
  readonly detector: Detector;
  readonly subject: string;
  readonly amount: number;
  /** When it happened. */
  readonly at: number;
  readonly ownerIds: readonly string[];
}

/** What a detector found, and the writes that go with the incident's own. */
export function openIncident(found: Found, now: number) {
  const { id, detector, subject, amount, at, ownerIds } = found;
  const title = detectorTitles[detector];
  const by = "detection";
  const opened = { id, source: detector, title, subject, amount, lastAt: at, ownerIds, by };
  const incident = newIncident({ ...opened, note: null }, now);
  const row = auditEntry(operatorsTrail(), {
    id: derivedId("auditRow", id, "opened"),
    at: now,
    actor: { type: "maintenance", id: by },
    action: "incident.opened",
    subject: id,
    requestId: id,
    facts: { source: detector, about: subject, amount },
    sealedDetails: null,
  });
  return { incident, writes: [...indexWrites(incident), row] };
}

type NewIncident = Pick<Incident, "id" | "source" | "title" | "subject" | "amount" | "lastAt"> & {
  readonly ownerIds: readonly string[];
  readonly by: string;
  readonly note: string | null;
};

export function newIncident({ by, note, ownerIds, ...stated }: NewIncident, now: number): Incident {
  const phase = "detection" as const;
  return {
    v: 1,
    ...stated,
    ownerIds: [...ownerIds],
    phase,
    assignee: null,
    steps: [{ phase, at: now, by, assignee: null, note }],
    openedAt: now,
    notifyBy: now + notifyWithinMs,
    notice: null,
    notices: 0,
    notifiedAt: null,
    remindAt: now + firstReminderMs,
    closedAt: null,
    updatedAt: now,
  };
}

/** When a person is reminded of an incident that is open again; null if those affected know. */
export function reminderOf(
  { openedAt, notifiedAt }: Pick<Incident, "openedAt" | "notifiedAt">,
  now: number,
): number | null {
  return notifiedAt === null ? Math.max(now, openedAt + firstReminderMs) : null;
}

/** Lets the owners whom it concerns find it. */
export function indexWrites({ id, ownerIds, openedAt }: Incident): Write[] {
  return ownerIds.map((ownerId) =>
    create(ownersIncidents.of(auditedOwner(ownerId), id), { v: 1, id, openedAt }),
  );
}
