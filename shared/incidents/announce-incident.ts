import type { Incident } from "../store/incidents.ts";

/**
 * Logs one structured line; an alert policy matches `jsonPayload.event="incident.opened"`. It may
 * be said more than once of an incident, under the same id.
 */
export function announceIncident({ id, source, title }: Incident): void {
  const line = { severity: "WARNING", message: title, event: "incident.opened", id, source };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Reminds of the time to notify those affected: `jsonPayload.event="incident.deadline"`. */
export function announceDeadline({ id, title, notifyBy }: Incident, now: number): void {
  const hoursLeft = Math.floor((notifyBy - now) / 3_600_000);
  const message = `${hoursLeft} hours are left to notify those affected: ${id}`;
  const line = { severity: "ERROR", message, event: "incident.deadline", id, title, hoursLeft };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
