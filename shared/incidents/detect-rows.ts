/**
 * Judges marked audit rows of all owners (INC-1). One commit per owner takes the marks of its rows
 * away, moves the owner's detection state under the version that was read, and stores what was
 * found under derived ids. So each row counts once, whatever dies or runs twice.
 */

import { inOwnersPasses, type MarkedPage } from "../audit/in-owners-passes.ts";
import type { CallTurn } from "../core/call-turn.ts";
import { derivedId } from "../core/ids.ts";
import { dayOf, detect, type Finding, nothingSeen } from "../core/incidents/detection.ts";
import { signalsOf } from "../core/incidents/signals.ts";
import type { IncidentThresholds } from "../core/incidents/thresholds.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { anomalyNotifications, type ToldOwner } from "../notifications/anomaly-notifications.ts";
import { auditedOwner } from "../owners/act-on-owner.ts";
import { auditRows, StoredAuditRow } from "../store/audit-rows.ts";
import { create, createOrReplace, patch, type Write } from "../store/documents.ts";
import { type DueDocument, type DueRequest, nextPlace } from "../store/due-documents.ts";
import { anomalies, detectionId, detections, incidents } from "../store/incidents.ts";
import { notificationSettings, notificationSettingsId } from "../store/notifications.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { isConflict } from "../store/with-deadline.ts";
import { announceIncident } from "./announce-incident.ts";
import { openIncident } from "./open-incident.ts";
import { findingParts, placeOf } from "./place-of.ts";

/** Rows per query, and so per commit. */
const rowsMax = 200;
/** Each row has a write, and six more if it is found; a commit has 400 at most. */
const rowsPerCommit = 50;
/** Anomalies of one kind that an owner is told of in a UTC day; attempts to tell cost time. */
const toldPerDayMax = 50;
/** Rows of any version have these. What is sealed stays where it is. */
const Marked = StoredAuditRow.pick({
  id: true,
  ownerId: true,
  at: true,
  action: true,
  subject: true,
  facts: true,
}).extend({ undetected: StoredAuditRow.shape.undetected.unwrap() });
type Marked = typeof Marked;
const source = { collectionGroup: auditRows.name, schema: Marked };

export interface DetectDeps {
  readonly store: Store;
  now(): number;
  random(bytes: number): Buffer;
}

export interface DetectedRows {
  /** Rows that were judged. */
  rows: number;
  anomalies: number;
  incidents: number;
  /** Rows that another instance took. */
  raced: number;
  failed: number;
}

/** Goes through all owners, from a random one on and around. */
export async function detectRows(
  deps: DetectDeps,
  thresholds: IncidentThresholds,
  turn: CallTurn,
): Promise<DetectedRows> {
  const counts = { rows: 0, anomalies: 0, incidents: 0, raced: 0, failed: 0 };
  const work = { deps, thresholds, turn, counts };
  await inOwnersPasses({
    start: `user_${deps.random(9).toString("base64url")}`,
    isLate: () => turn.isLate(),
    done: () => counts.rows,
    workOn: async (place) => await detectPage(work, place),
  });
  return counts;
}

interface Work {
  readonly deps: DetectDeps;
  readonly thresholds: IncidentThresholds;
  readonly turn: CallTurn;
  readonly counts: DetectedRows;
}

async function detectPage(
  work: Work,
  place: { readonly after: string; readonly upTo: string | null },
): Promise<MarkedPage> {
  const { deps, turn, counts } = work;
  const request: DueRequest = { field: "undetected", ...place, limit: rowsMax };
  const due: readonly DueDocument<Marked>[] = await deps.store.findDue(source, request);
  const rows: FoundDocument<Marked>[] = [];
  for (const { ref, ...one } of due) {
    if (one.found) rows.push(one.found);
    else {
      counts.failed += 1;
      turn.report("a row can't be read, so it isn't judged", one.cause, { path: ref.path });
    }
  }
  const owners = Map.groupBy(rows, ({ value }) => value.ownerId);
  for (const [ownerId, own] of owners) {
    for (let first = 0; first < own.length; first += rowsPerCommit) {
      await judgeOwner(work, auditedOwner(ownerId), own.slice(first, first + rowsPerCommit));
    }
  }
  return { ownerIds: [...owners.keys()], next: nextPlace(due, request) };
}

async function judgeOwner(
  { deps, thresholds, turn, counts }: Work,
  owner: Owner,
  rows: readonly FoundDocument<Marked>[],
): Promise<void> {
  try {
    const found = await commitFindings(deps, { owner, thresholds }, rows);
    counts.rows += rows.length;
    counts.anomalies += found.anomalies;
    counts.incidents += found.incidents;
  } catch (cause) {
    const isRaced = isConflict(cause) && !(await areMarked(deps, owner, rows));
    if (isRaced) counts.raced += rows.length;
    else {
      counts.failed += rows.length;
      turn.report("rows weren't judged; they are tried again", cause, { ownerId: owner.id });
    }
  }
}

/**
 * Whether nobody has judged any of the rows. A conflict without another instance is one of the
 * commit with itself, or with a document that shouldn't be there, and would last for ever.
 */
async function areMarked(
  { store }: DetectDeps,
  owner: Owner,
  rows: readonly FoundDocument<Marked>[],
): Promise<boolean> {
  const found = await store.getAll(...rows.map(({ value: { id } }) => auditRows.of(owner, id)));
  return found.every(({ value }) => value?.undetected !== undefined);
}

/** One step: rows of one owner, in one commit. */
async function commitFindings(
  { store, now }: DetectDeps,
  { owner, thresholds }: { readonly owner: Owner; readonly thresholds: IncidentThresholds },
  rows: readonly FoundDocument<Marked>[],
): Promise<{ readonly anomalies: number; readonly incidents: number }> {
  const stateRef = detections.of(owner, detectionId);
  const [{ value, version }, { value: settings }] = await store.getAll(
    stateRef,
    notificationSettings.of(owner, notificationSettingsId),
  );
  const signals = rows.flatMap((row) => signalsOf(row.value));
  const { state, findings } = detect(value ?? nothingSeen, signals, thresholds);
  const asked = { ownerId: owner.id, settings, now: now() };
  const found = await allInOrder(findings.map((each) => findingWrites(store, owner, each, asked)));
  const opened = found.flatMap(({ incident }) => (incident ? [incident] : []));
  // Before the commit: a process that dies after it, or doesn't learn of it, would never say so,
  // since the rows are judged then. One that fails says it again, under the same id.
  for (const incident of opened) announceIncident(incident);
  const { told, notices } = noticesOfDay(value?.told ?? {}, found, dayOf(asked.now));
  await store.commitWithoutRetry([
    ...rows.map(({ value: { id } }) =>
      patch(auditRows.of(owner, id), {}, { removes: ["undetected"], mustExist: true }),
    ),
    createOrReplace(stateRef, version, { ...state, v: 1, told, updatedAt: now() }),
    ...found.flatMap(({ writes }) => writes),
    ...notices,
  ]);
  return { anomalies: found.filter(({ isNew }) => isNew).length, incidents: opened.length };
}

interface Found {
  readonly detector: Finding["detector"];
  readonly notices: readonly Write[];
}

/** What the owner is told of this, and how much that makes today. */
function noticesOfDay(
  before: Readonly<Record<string, number>>,
  found: readonly Found[],
  day: number,
): { readonly told: Record<string, number>; readonly notices: readonly Write[] } {
  const today = Object.entries(before).filter(([name]) => name.endsWith(` ${day}`));
  const told: Record<string, number> = Object.fromEntries(today);
  const notices = found.flatMap((one) => {
    const name = `${one.detector} ${day}`;
    const count = told[name] ?? 0;
    if (one.notices.length === 0 || count >= toldPerDayMax) return [];
    told[name] = count + 1;
    return one.notices;
  });
  return { told, notices };
}

/** What a finding adds: an anomaly or a larger one, and an incident or a longer one. */
async function findingWrites(store: Store, owner: Owner, finding: Finding, asked: ToldOwner) {
  const { now } = asked;
  const { detector, level, subject, amount, at } = finding;
  const id = derivedId("anomaly", ...findingParts(owner, finding));
  const anomalyRef = anomalies.of(owner, id);
  const [{ value: known, version }] = await store.getAll(anomalyRef);
  const isIncident = level === "incident" || known?.level === "incident";
  const next = {
    ...{ v: 1 as const, id, detector, subject },
    level: isIncident ? ("incident" as const) : ("anomaly" as const),
    amount: Math.max(amount, known?.amount ?? 0),
    at: Math.max(at, known?.at ?? 0),
    createdAt: known?.createdAt ?? now,
  };
  const writes: Write[] = [createOrReplace(anomalyRef, version, next)];
  const notices = known === null ? anomalyNotifications(next, asked) : [];
  const made = { detector, writes, notices, isNew: known === null };
  const place = level === "incident" ? await placeOf(store, owner, finding) : null;
  if (place === null) return { ...made, incident: null };
  if ("open" in place) {
    const { open } = place;
    // No version: what operators do meanwhile must neither fail nor be undone.
    const later = { amount: Math.max(amount, open.amount), lastAt: next.at, updatedAt: now };
    writes.push(patch(incidents.doc(open.id), later, { mustExist: true }));
    return { ...made, incident: null };
  }
  const found = { id: place.newId, detector, subject, amount, at };
  const { incident, writes: others } = openIncident({ ...found, ownerIds: [owner.id] }, now);
  writes.push(create(incidents.doc(incident.id), incident), ...others);
  return { ...made, incident };
}
