/** What has expired isn't shown, whether or not the database has deleted it, and nothing before. */
import { Timestamp } from "@google-cloud/firestore";
import { beforeAll, describe, expect, test } from "vitest";
import { dayMs } from "#shared/core/retention/periods";
import { readEgress } from "#shared/executions/egress-log";
import { LogPages } from "#shared/executions/event-log";
import { newOwner as ownerOf } from "#shared/owners/act-on-owner";
import { addToEgressLog } from "#shared/store/executions";
import { Store } from "#shared/store/store";
import { eventsOf, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let tester: TestOwner;
let executionId: string;
beforeAll(async () => {
  tester = await newOwner();
  const environmentId = await newEnvironment(tester.key);
  const threadId = await newThread(tester.key, { environmentId });
  executionId = (await runScript(tester.key, threadId, "echo kept")).run.id;
});

const owner = () => ownerOf(tester.id, "development");
const logs = (name: "events" | "egress") =>
  firestore().collection(`owners/${tester.id}/executions/${executionId}/${name}`);

/** The log's events at a time, as every reader gets them. */
async function itemsAt(now: number): Promise<number> {
  const { batches } = await new LogPages(new Store(firestore()), owner(), executionId).after(
    0,
    now,
  );
  return batches.flatMap(({ events }) => events).length;
}

async function expiriesOf(name: "events" | "egress"): Promise<readonly number[]> {
  const { docs } = await logs(name).get();
  return docs.map((doc) => (doc.get("expireAt") as Timestamp).toMillis());
}

async function expire(name: "events" | "egress"): Promise<void> {
  const { docs } = await logs(name).get();
  await Promise.all(docs.map((doc) => doc.ref.update({ expireAt: Timestamp.fromMillis(1) })));
}

async function shownItems(): Promise<{ items: number; isEnded: boolean }> {
  const { text } = await send(`/v1/executions/${executionId}/events`, { key: tester.key });
  const types = eventsOf(text).map(({ type }) => type);
  const items = types.filter((type) => type.startsWith("response.item.")).length;
  return { items, isEnded: types.includes("stream.completed") };
}

describe("DAT-6 events of an execution", () => {
  test("are shown for thirty days after they were stored, and not a moment longer", async () => {
    const { createdAt, endedAt } = (
      await firestore().doc(`owners/${tester.id}/executions/${executionId}`).get()
    ).data() as { createdAt: number; endedAt: number };
    const expiries = await expiriesOf("events");
    const last = Math.max(...expiries);
    expect(Math.min(...expiries)).toBeGreaterThanOrEqual(createdAt + 30 * dayMs);
    expect(last).toBeLessThanOrEqual(endedAt + 30 * dayMs);
    const all = await itemsAt(endedAt);
    expect(all).toBeGreaterThan(0);
    expect(await itemsAt(Math.min(...expiries) - 1)).toBe(all);
    expect(await itemsAt(last)).toBe(0);
  });

  test("aren't streamed once they have expired, though the database still has them", async () => {
    const before = await shownItems();
    expect(before.items).toBeGreaterThan(0);
    expect(before.isEnded).toBe(true);
    await expire("events");
    expect(await shownItems()).toEqual({ items: 0, isEnded: true });
  });
});

describe("DAT-6 the egress log of an execution", () => {
  test("is shown for thirty days after it was stored, and not a moment longer", async () => {
    const now = Date.now();
    const what = { host: "a.test", port: 443, method: "connect", verdict: "refused" } as const;
    const none = { sentBytes: 0, receivedBytes: 0, durationMs: 0, rule: null, address: null };
    const attempts = [{ sequence: 1, at: now, ...what, ...none }];
    const store = new Store(firestore());
    const log = { attempts, firstSequence: 1, cut: 3, now };
    await store.commit([addToEgressLog(owner(), executionId, log)]);
    const page = { executionId, limit: 10, offset: 0 };
    const read = async (later: number) => await readEgress(store, owner(), { ...page, now: later });
    expect((await read(now + 30 * dayMs - 1)).attempts).toHaveLength(1);
    expect(await read(now + 30 * dayMs)).toEqual({ attempts: [], total: 0, cut: 0 });

    const path = `/v1/executions/${executionId}/egress`;
    expect((await send(path, { key: tester.key })).json).toMatchObject({ total_count: 1 });
    await expire("egress");
    expect((await send(path, { key: tester.key })).json).toMatchObject({
      data: [],
      total_count: 0,
      cut_count: 0,
    });
  });
});

describe("DAT-6 which request made a key", () => {
  test("is remembered for a day, and then the same header makes another one", async () => {
    const headers = { "idempotency-key": "once-a-day" };
    const make = async () =>
      await send("/v1/keys", { key: tester.key, body: { name: "made" }, headers });
    expect((await make()).status).toBe(201);
    expect((await make()).json).toMatchObject({ code: "KEY_SHOWN_ALREADY" });
    const { docs } = await firestore().collection(`owners/${tester.id}/keyRequests`).get();
    const request = docs[0] ?? expect.fail();
    const expireAt = (request.get("expireAt") as Timestamp).toMillis();
    expect(expireAt).toBeGreaterThan(Date.now() + dayMs / 2);
    expect(expireAt).toBeLessThanOrEqual(Date.now() + dayMs);
    await request.ref.update({ expireAt: Timestamp.fromMillis(Date.now() - 1) });
    expect((await make()).status).toBe(201);
    expect((await make()).json).toMatchObject({ code: "KEY_SHOWN_ALREADY" });
  });
});
