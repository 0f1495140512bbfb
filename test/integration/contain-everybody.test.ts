/** Containing all owners, in a database of its own: the run's other tests need theirs. */
import { randomBytes } from "node:crypto";
import { nanoid } from "nanoid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IdKind, idOf } from "#shared/core/ids";
import { newAccount } from "#shared/core/money/account";
import { newContainment } from "#shared/incidents/contain";
import { everybodyWrites, turnEverybody } from "#shared/incidents/contain-everybody";
import { newOwner } from "#shared/owners/act-on-owner";
import { isEvidence } from "#shared/owners/evidence";
import { CommitCoordinator } from "#shared/store/commit-coordinator";
import { containments } from "#shared/store/containments";
import { create, patch } from "#shared/store/documents";
import { accountId, accounts, owners } from "#shared/store/owners";
import { Store } from "#shared/store/store";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import { cloud } from "../kit/cloud.ts";

const database = () =>
  openFirestore({
    ...cloud().environment,
    GOOGLE_CLOUD_PROJECT: `paddock-${randomBytes(4).toString("hex")}`,
  });
/** More than a page. */
const ownersCount = 55;
const ids = Array.from({ length: ownersCount }, (_, number) =>
  idOf("owner", String(number).padStart(21, "0")),
);
/** Suspended for another reason, which nothing here may change. */
const [, , suspended = ""] = ids;

let client: ReturnType<typeof database>;
let deps: Parameters<typeof turnEverybody>[0];

beforeAll(async () => {
  client = database();
  const store = new Store(client);
  const commits = new CommitCoordinator(store, { random: Math.random });
  deps = { store, commits, now: Date.now, newId: (kind: IdKind) => idOf(kind, nanoid()) };
  const profile = {
    v: 1,
    name: "",
    mode: "development",
    auditPublicKey: "",
    createdBy: "x",
  } as const;
  const writes = ids.flatMap((id) => {
    const state = id === suspended ? "suspended" : "active";
    const owner = { ...profile, id, state, createdAt: 0 } as const;
    const since = id === suspended ? 1 : null;
    const account = { ...newAccount(0), admission: { suspendedAt: since, closedKeys: {} } };
    return [
      create(owners.doc(id), owner),
      create(accounts.of(newOwner(id, "development"), accountId), account),
    ];
  });
  await store.commit(writes);
});
afterAll(async () => await client.terminate());

async function states(): Promise<Record<string, number>> {
  const { docs } = await client.collection("owners").get();
  const found: Record<string, number> = {};
  for (const doc of docs) {
    const state = doc.get("state");
    if (typeof state === "string") found[state] = (found[state] ?? 0) + 1;
  }
  return found;
}

describe("INC-4 containing everything", () => {
  test("reaches every owner, whatever dies, and releases those that it has suspended", async () => {
    const order = { id: "ctm_all", incidentId: "inc_all", operatorId: "op_a", requestId: "req_a" };
    const everyone = { target: "all" as const, ownerId: null, mode: null, subject: null };
    const containment = newContainment({ ...order, now: Date.now() }, everyone);
    await deps.store.commit(everybodyWrites(containment));
    // In the middle of the first page.
    const unreadable = client.doc(`owners/${ids[7]}-unreadable`);
    await unreadable.set({ id: unreadable.id });
    const whole = { isLate: () => false, report: () => undefined };
    // Each call is late after its first page, as if its process had died there.
    const firstPage = () => {
      let asked = 0;
      const isLate = () => {
        asked += 1;
        return asked > 1;
      };
      return { ...whole, isLate };
    };
    expect(await turnEverybody(deps, "ctm_all", firstPage())).toBe(false);
    expect(await states()).toEqual({ active: 6, suspended: 49 });
    // Two instances go on at once.
    const rest = await Promise.all([1, 2].map(() => turnEverybody(deps, "ctm_all", whole)));
    expect(rest).toEqual([true, true]);
    expect(await states()).toEqual({ suspended: ownersCount });
    expect(await isEvidence(deps.store, ids[7] ?? "")).toBe(true);
    const told = (await client.doc("containments/ctm_all").get()).get("failedOwnerIds");
    expect(new Set(told)).toEqual(new Set([unreadable.id]));
    await unreadable.delete();
    const released = { releasedAt: Date.now(), afterOwnerId: null, dueAt: Date.now() };
    await deps.store.commit([patch(containments.doc("ctm_all"), released)]);
    expect(await turnEverybody(deps, "ctm_all", firstPage())).toBe(false);
    expect(await turnEverybody(deps, "ctm_all", whole)).toBe(true);
    expect(await states()).toEqual({ active: ownersCount - 1, suspended: 1 });
    expect((await client.doc(`owners/${suspended}`).get()).get("state")).toBe("suspended");
    const trails = await client.collectionGroup("audit").get();
    const actions = Object.groupBy(trails.docs, (doc) => String(doc.get("action")));
    expect(actions["owner.suspended"]).toHaveLength(ownersCount);
    expect(actions["owner.resumed"]).toHaveLength(ownersCount);
  });
});
