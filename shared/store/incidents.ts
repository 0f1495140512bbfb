import * as z from "zod";
import { DetectionState, DetectorName } from "../core/incidents/detection.ts";
import { Notice } from "../core/incidents/notice.ts";
import { Phase } from "../core/incidents/phases.ts";
import { ownedCollection, systemCollection } from "./documents.ts";

/** One step of an incident: a move, an assignment or a note. */
const Step = z.object({
  /** The phase that the incident was in afterwards. */
  phase: Phase,
  at: z.int(),
  /** An operator's id, or `detection`. */
  by: z.string(),
  /** The operator it was assigned to afterwards. */
  assignee: z.string().nullable(),
  note: z.string().nullable(),
});

/** An incident. A detector's id derives from owner, detector, subject, UTC day and number. */
export const Incident = z.object({
  v: z.literal(1),
  id: z.string(),
  /** What found it; `reported` if an operator opened it. */
  source: z.union([DetectorName, z.literal("reported")]),
  title: z.string(),
  /** The key's or owner's id that it was found at; null if none is known. */
  subject: z.string().nullable(),
  /** What was counted, in the detector's unit. */
  amount: z.int(),
  phase: Phase,
  /** The operator who works on it. */
  assignee: z.string().nullable(),
  steps: z.array(Step),
  /** The owners whom it concerns. */
  ownerIds: z.array(z.string()),
  /** When it was found or reported, from which the time to notify runs. */
  openedAt: z.int(),
  /** When those affected must have been told. */
  notifyBy: z.int(),
  /** When it happened last. */
  lastAt: z.int(),
  /** What those affected are told; null until an operator has written it. */
  notice: Notice.nullable().default(null),
  /** How often they were told. */
  notices: z.int().default(0),
  /** When they were told first. */
  notifiedAt: z.int().nullable().default(null),
  /** When somebody must be reminded of the time; null once those affected are told. */
  remindAt: z.int().nullable().default(null),
  closedAt: z.int().nullable(),
  updatedAt: z.int(),
});
export type Incident = z.infer<typeof Incident>;
export const incidents = systemCollection("incidents", Incident);

/** Which incidents concern an owner. The id is the incident's. */
const OwnersIncident = z.object({ v: z.literal(1), id: z.string(), openedAt: z.int() });
export const ownersIncidents = ownedCollection(["incidents"], OwnersIncident);

/** Something unusual in an owner's own use. Its id derives from detector, subject and day. */
export const Anomaly = z.object({
  v: z.literal(1),
  id: z.string(),
  detector: DetectorName,
  level: z.enum(["anomaly", "incident"]),
  subject: z.string(),
  amount: z.int(),
  /** When it happened last. */
  at: z.int(),
  createdAt: z.int(),
});
export type Anomaly = z.infer<typeof Anomaly>;
export const anomalies = ownedCollection(["anomalies"], Anomaly);

/** What detectors have seen of an owner's trail; one document. */
const Detection = DetectionState.extend({
  v: z.literal(1),
  /** How many anomalies the owner was told of today, by `detector day` (UTC days since 1970). */
  told: z.record(z.string(), z.int()).default({}),
  updatedAt: z.int(),
});
export const detections = ownedCollection(["detections"], Detection);
export const detectionId = "state";
