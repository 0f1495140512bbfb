import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { mintOwner } from "../identity/owner.ts";
import { downloadUsageId, downloadUsages } from "../store/usage.ts";
import { SentByteCounter } from "./sent-byte-counter.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const neighbour = mintOwner(`user_${"b".repeat(21)}`, "development");
const mib = 1024 * 1024;
/** A minute before midnight, UTC. */
const lateAt = Date.UTC(2026, 0, 1, 23, 59);
const refused = expect.objectContaining({ code: "RATE_LIMITED", status: 429 });

function newInstance(store = new MemoryStore()) {
  const clock = { now: lateAt };
  const failures: unknown[] = [];
  const sent = new SentByteCounter(() => store, {
    bytesMax: 10 * mib,
    now: () => clock.now,
    onFailure: (cause) => failures.push(cause),
  });
  const counted = async () =>
    (await store.get(downloadUsages.of(owner, downloadUsageId))).value?.bytes ?? 0;
  return { sent, store, clock, counted, failures };
}

describe("TEN-2 SentByteCounter", () => {
  test("write what was sent once it is some megabytes, and not each answer", async () => {
    const { sent, store, counted } = newInstance();
    for (let each = 0; each < 15; each += 1) await sent.add(owner, mib / 4);
    expect(store.tried).toHaveLength(0);
    await sent.add(owner, mib / 4);
    expect([await counted(), store.tried.length]).toEqual([4 * mib, 1]);
  });

  test("refuse the rest of the day what is large, to one owner alone", async () => {
    const { sent, clock } = newInstance();
    await sent.add(owner, 9 * mib);
    sent.requireRoom(owner.id);
    await sent.add(owner, 4 * mib);
    expect(() => sent.requireRoom(owner.id)).toThrow(refused);
    sent.requireRoom(neighbour.id);
    clock.now += 60_000;
    sent.requireRoom(owner.id);
  });

  test("of several instances count together", async () => {
    const { sent, store } = newInstance();
    const other = newInstance(store);
    await Promise.all([sent.add(owner, 5 * mib), other.sent.add(owner, 5 * mib)]);
    await other.sent.add(owner, 4 * mib);
    expect(await other.counted()).toBe(14 * mib);
    expect(() => other.sent.requireRoom(owner.id)).toThrow(refused);
  });

  test("count later what couldn't be written", async () => {
    const { sent, store, counted, failures } = newInstance();
    store.before = async () => await Promise.reject(new Error("away"));
    await sent.add(owner, 4 * mib);
    expect([await counted(), failures.length]).toEqual([0, 1]);
    store.before = async () => {};
    await sent.add(owner, 1);
    expect(await counted()).toBe(4 * mib + 1);
  });
});
