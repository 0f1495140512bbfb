import type { Incident } from "../store/incidents.ts";

/** Logs one structured line; an alert policy matches `jsonPayload.event="incident.opened"`. */
export function announceIncident({ id, source, title }: Incident): void {
  const line = { severity: "WARNING", message: title, event: "incident.opened", id, source };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
