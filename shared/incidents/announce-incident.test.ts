import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { announceDeadline, announceIncident } from "./announce-incident.ts";
import { openIncident } from "./open-incident.ts";

const hourMs = 3_600_000;
const ownerId = `user_${"a".repeat(21)}`;
const found = { id: "inc_1", detector: "networks", subject: "key_1", amount: 3, at: 0 } as const;

function linesOf(write: () => void) {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  write();
  vi.restoreAllMocks();
  return lines.map((line) => JSON.parse(line));
}

describe("INC-2 an incident that needs a person", () => {
  const { incident } = openIncident({ ...found, ownerIds: [ownerId] }, 0);

  test("is one line, by the event that the alert policies match", () => {
    const [opened, deadline] = linesOf(() => {
      announceIncident(incident);
      announceDeadline(incident, 49 * hourMs);
    });
    expect(opened).toMatchObject({ event: "incident.opened", id: "inc_1", source: "networks" });
    expect(deadline).toMatchObject({ event: "incident.deadline", id: "inc_1", hoursLeft: 23 });
    const metrics = readFileSync("terraform/modules/watch/metrics.tf", "utf8");
    for (const { event } of [opened, deadline]) {
      expect(metrics).toContain(`jsonPayload.event=\\"${event}\\"`);
    }
  });

  test("names neither an owner nor a key in its line", () => {
    expect(JSON.stringify(linesOf(() => announceIncident(incident)))).not.toMatch(/user_a|key_1/);
  });
});
