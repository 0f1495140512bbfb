import { Timestamp } from "@google-cloud/firestore";
import { expect, test } from "vitest";
import { newIncident } from "#shared/incidents/open-incident";
import type { Write } from "#shared/store/documents";
import { type Incident, incidents } from "#shared/store/incidents";
import { moveIncident } from "./move-incident.ts";

const hourMs = 3_600_000;
const stated = { id: "inc_1", source: "reported", title: "t", subject: null, amount: 0 } as const;
const closed: Incident = {
  ...newIncident({ ...stated, lastAt: 0, ownerIds: [], by: "operator_1", note: null }, 0),
  ...{ phase: "closed", assignee: "operator_1", closedAt: hourMs, remindAt: null },
};

/** The incident after it was reopened. */
function reopen(value: Incident, now: number): Incident {
  const found = { ref: incidents.doc(value.id), value, version: Timestamp.fromMillis(1) };
  const context = {
    ...{ caller: { type: "operator", id: "operator_1" }, body: { phase: "triage" }, now },
    data: { found, more: [] },
  };
  const decide: unknown = Reflect.get(moveIncident, "decide");
  const { writes } = Reflect.apply(decide as () => { writes: Write[] }, moveIncident, [context]);
  return incidents.schema.parse(Reflect.get(writes[0] ?? {}, "value"));
}

test.each([
  ["before its first reminder", 2 * hourMs, null, 48 * hourMs],
  ["after its first reminder", 60 * hourMs, null, 60 * hourMs],
  ["after those affected were told", 60 * hourMs, 3 * hourMs, null],
])("INC-5 an incident that is reopened %s is reminded of", (_when, now, notifiedAt, remindAt) => {
  expect(reopen({ ...closed, notifiedAt }, now).remindAt).toBe(remindAt);
});
