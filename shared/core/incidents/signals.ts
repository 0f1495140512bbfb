/** What detectors take from an audit row. */
import type { AuditRow } from "../audit/audit-row.ts";

export const detectors = [
  "refusals",
  "networks",
  "spending",
  "denials",
  "redactions",
  "downloads",
  "ledger",
] as const;
export type Detector = (typeof detectors)[number];

export interface Signal {
  readonly detector: Detector;
  /** The id of a key's first one before all rotations, or the owner's for what isn't of a key. */
  readonly subject: string;
  /** A number of events; micro-dollars of spending, bytes of downloads. */
  readonly amount: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

type DetectedRow = Pick<AuditRow, "action" | "ownerId" | "subject" | "facts" | "at">;

/** The actions whose rows detectors look at; such a row is stored with a mark. */
const detectedActions: ReadonlySet<string> = new Set([
  "key.refused",
  "key.new_network",
  "execution.ended",
  "download.quarter_reached",
  "budget.violated",
]);

export function isDetected(action: string): boolean {
  return detectedActions.has(action);
}

/** Reasons of an execution's end that are walls of the sandbox. */
const walls: ReadonlySet<unknown> = new Set([
  "disk_quota",
  "file_size_limit",
  "memory_limit",
  "open_files_limit",
  "output_limit",
  "process_limit",
  "isolation_unavailable",
]);

/** The signals of a row; a row of another kind has none. */
export function signalsOf({ action, ownerId, subject, facts, at }: DetectedRow): Signal[] {
  const one = (detector: Detector, about: string, amount: number): Signal[] =>
    amount > 0 ? [{ detector, subject: about, amount, at }] : [];
  // Who rotates a key goes on with its counts.
  const key = typeof facts.lineageId === "string" ? facts.lineageId : subject;
  switch (action) {
    case "key.refused":
      return one("refusals", key, numberOf(facts.refusals) - numberOf(facts.before));
    case "key.new_network":
      return one("networks", key, 1);
    case "execution.ended":
      return [
        ...one("spending", ownerId, numberOf(facts.chargedMicrousd)),
        ...one("denials", ownerId, walls.has(facts.reason) ? 1 : 0),
        ...one("redactions", ownerId, numberOf(facts.redactions)),
      ];
    case "download.quarter_reached":
      return one("downloads", ownerId, numberOf(facts.bytes));
    case "budget.violated":
      return one("ledger", ownerId, 1);
    default:
      return [];
  }
}

function numberOf(fact: unknown): number {
  return typeof fact === "number" && Number.isSafeInteger(fact) ? fact : 0;
}
