/** The part of the retention table that the platform keeps: logs, backups, and deleted objects. */
import { dayMs } from "./periods.ts";
import { copies, logs, type RetentionClass } from "./retention-class.ts";

export const platformRetention = {
  accessLogs: {
    holds: "requests, and what the platform says about them",
    keptMs: 90 * dayMs,
    enforcedBy: ["log bucket"],
    why: "An intrusion is often found weeks after it happened.",
    places: [logs("access")],
  },
  auditLogs: {
    holds: "who read or changed what in the project",
    keptMs: 400 * dayMs,
    enforcedBy: ["log bucket"],
    why: "A year's audit needs the whole year before it.",
    places: [logs("audit")],
  },
  fixedLogs: {
    holds: "the bucket `_Default` that Google fixes: nothing is sent there",
    keptMs: dayMs,
    enforcedBy: ["log bucket"],
    why: "What arrived before the first deployment isn't needed.",
    places: [logs("_Default")],
  },
  deletedFiles: {
    holds: "deleted objects of the workspace bucket, which can be restored",
    keptMs: 14 * dayMs,
    enforcedBy: ["bucket rule"],
    why: "A week as an older version and a week after that, so that a thief can't hurry their end.",
    places: [copies("older versions and soft-deleted objects")],
  },
  backups: {
    holds: "backups of the main database; the database of key pairs has none",
    keptMs: 56 * dayMs,
    enforcedBy: ["backup schedule"],
    why: "A mistake may be noticed weeks later; deleted data must be gone within 90 days.",
    places: [copies("backups of the main database")],
  },
  recovery: {
    holds: "earlier states of the main database",
    keptMs: 7 * dayMs,
    enforcedBy: ["point-in-time recovery"],
    why: "A week is Firestore's own period, which can't be chosen.",
    places: [copies("point-in-time recovery of the main database")],
  },
} as const satisfies Readonly<Record<string, RetentionClass>>;
