import { expect, test } from "vitest";
import { newIncident } from "#shared/incidents/open-incident";
import { incidents } from "#shared/store/incidents";
import { createIncident } from "./create-incident.ts";
import { notifyAffected } from "./notify-affected.ts";

const ids = Array.from({ length: 1_000 }, (_, n) => `user_${String(n).padStart(21, "0")}`);
const notice = { nature: "a", data: "b", steps: "c", advice: "d" };

function mayName(ownerIds: readonly string[]): boolean {
  const { body } = createIncident;
  if (typeof body === "string") return expect.fail();
  return body.safeParse({ title: "t", userIds: ownerIds }).success;
}

test("INC-5 all whom an incident may concern can be told", () => {
  const count = ids.findLastIndex((_, last) => mayName(ids.slice(0, last + 1))) + 1;
  expect(count).toBeGreaterThan(100);
  const ownerIds = ids.slice(0, count);
  const opened = { source: "reported", title: "t", note: null, by: "op_1", ownerIds } as const;
  const about = { id: "inc_1", subject: null, amount: 0, lastAt: 1 };
  const value = { ...newIncident({ ...opened, ...about }, 1), notice };
  const more = ownerIds.map(() => ({ settings: null, exists: true }));
  const data = { found: { ref: incidents.doc("inc_1"), value, version: null }, more };
  if (notifyAffected.kind !== "change") expect.fail();
  const { writes } = notifyAffected.decide({
    caller: { id: "op_1" },
    body: {},
    data,
    now: 2,
  } as never);
  expect(writes).toHaveLength(1 + count);
});
