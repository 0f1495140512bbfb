import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { newOwner } from "#shared/owners/act-on-owner";
import { create, patch } from "#shared/store/documents";
import { type Transfer, transfers } from "#shared/store/transfers";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { countReading } from "./count-reading.ts";

const now = Date.UTC(2026, 10, 30);
const asking = () => ({ request: {} as IncomingMessage, now });

async function begin(changes: Partial<Transfer> = {}) {
  const store = new MemoryStore();
  const ref = transfers.of(newOwner(`user_${"a".repeat(21)}`, "development"), "upload_1");
  const upload: Transfer = {
    ...{ v: 1, id: "upload_1", kind: "upload", environmentId: "env_1", path: "a", sizeBytes: 1 },
    ...{ sha256: null, state: "open", readingCount: 0, isCounted: true, createdAt: now },
    ...{ endsAt: now + 1_000, completedAt: null, expireAt: new Date(now), ...changes },
  };
  await store.commit([create(ref, upload)]);
  return { store, ref, found: await store.require(ref) };
}

test("of many completions at once as many read an upload as may", async () => {
  const { store, ref, found } = await begin();
  const all = Array.from({ length: 30 }, () => countReading(store, found, asking()));
  const results = await Promise.allSettled(all);
  const read = results.filter(({ status }) => status === "fulfilled");
  expect(read).toHaveLength(20);
  expect((await store.get(ref)).value?.readingCount).toBe(20);
  const refused = results.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["TRANSFER_ENDED"]));
});

test("an upload that was cancelled since it was read isn't completed", async () => {
  const { store, ref, found } = await begin();
  await store.commit([patch(ref, { state: "cancelled" }, { version: found.version })]);
  const refused = { code: "TRANSFER_ENDED" };
  await expect(countReading(store, found, asking())).rejects.toMatchObject(refused);
});

test("one that was completed since is answered as such", async () => {
  const { store, ref, found } = await begin();
  await store.commit([patch(ref, { state: "completed" }, { version: found.version })]);
  const { value } = await countReading(store, found, asking());
  expect(value).toMatchObject({ state: "completed", readingCount: 0 });
});

test("a request counts once, however often it is decided", async () => {
  const { store, found } = await begin();
  const asked = asking();
  const once = await countReading(store, found, asked);
  expect(once.value.readingCount).toBe(1);
  expect(await countReading(store, once, asked)).toBe(once);
});
