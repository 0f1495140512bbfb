import { afterEach, describe, expect, test, vi } from "vitest";
import { newIncident } from "#shared/incidents/open-incident";
import { type CollectionRef, create, patch } from "#shared/store/documents";
import { type Incident, incidents } from "#shared/store/incidents";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { remindOfDeadlines } from "./remind-of-deadlines.ts";

const hourMs = 3_600_000;
const ref = incidents.doc("inc_1");
const stated = { id: "inc_1", source: "reported", title: "t", subject: null, amount: 0 } as const;
const incident: Incident = newIncident(
  { ...stated, lastAt: 0, ownerIds: [], by: "operator_1", note: null },
  0,
);

class Due extends MemoryStore {
  async findDue(all: CollectionRef<typeof incidents.schema>) {
    const found = await this.findAll(all, { limit: 50 });
    return found.map((one) => ({ ref: one.ref, found: one }));
  }
}

/** @param meanwhile What happens before the next reminder is stored. */
async function remind(meanwhile: (store: Due) => Promise<unknown>) {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const store = new Due();
  await store.commit([create(ref, incident)]);
  let commits = 0;
  store.before = async () => {
    commits += 1;
    if (commits === 2) await meanwhile(store);
  };
  const deps = { store, now: () => 50 * hourMs };
  await Reflect.apply(remindOfDeadlines.perform, remindOfDeadlines, [{ deps }]);
  const said = write.mock.calls.filter(([text]) => String(text).includes("incident.deadline"));
  return { said: said.length, remindAt: (await store.get(ref)).value?.remindAt };
}

describe("INC-5 a reminder of the time to notify", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("is said again after some hours", async () => {
    expect(await remind(async () => undefined)).toEqual({ said: 1, remindAt: 56 * hourMs });
  });

  test("isn't said again of an incident that is closed at that moment", async () => {
    const closing = patch(ref, { phase: "closed" as const, closedAt: 1, remindAt: null });
    const left = await remind(async (store) => await store.commit([closing]));
    expect(left).toEqual({ said: 1, remindAt: null });
  });
});
