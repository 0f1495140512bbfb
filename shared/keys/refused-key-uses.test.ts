import { nanoid } from "nanoid";
import { expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner } from "../identity/owner.ts";
import { newSealingPair } from "../secrets/sealing.ts";
import { apiKeys } from "../store/api-keys.ts";
import { auditRows } from "../store/audit-rows.ts";
import { CommitCoordinator } from "../store/commit-coordinator.ts";
import { create, remove } from "../store/documents.ts";
import { keyRefusals } from "../store/key-refusals.ts";
import { RefusedKeyUses } from "./refused-key-uses.ts";

const hour = 500_000;
const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const { publicKey: auditPublicKey } = await newSealingPair();
const key = apiKeys.schema.parse({
  ...{ v: 2, id: "key_a", ownerId: owner.id, ownerState: "active", mode: "development" },
  ...{ name: "a", description: null, prefix: "tb_dev_", scopes: ["*"], auditPublicKey },
  ...{ createdBy: "key_a", createdAt: 0, expiresAt: null, revokedAt: 5, metadataJson: "null" },
});
const ref = apiKeys.doc("hash");

async function newInstances(count: number, everyMs: number) {
  const store = new MemoryStore();
  await store.commit([create(ref, key)]);
  const failures: unknown[] = [];
  const ids: string[] = [];
  const deps = {
    store,
    commits: new CommitCoordinator(store, { random: () => 0 }),
    now: () => hour * 3_600_000,
    newId: () => {
      const id = `aud_${nanoid()}`;
      ids.push(id);
      return id;
    },
    onFailure: (cause: unknown) => failures.push(cause),
  };
  const instances = Array.from({ length: count }, () => new RefusedKeyUses(deps, everyMs));
  const rows = async () => {
    const found = await store.findAll(auditRows.all(owner), { where: [], limit: 100 });
    return found.map(({ value }) => value);
  };
  const counts = async () =>
    (await store.get(keyRefusals.of(owner, `key_a-${hour}`))).value?.counts ?? {};
  return { store, deps, instances, rows, counts, failures, ids };
}

const refusal = (address: string) => ({
  ...{ text: "key", ref, key, reason: "revoked" as const },
  client: { address, userAgent: "test", requestId: "req_1" },
});
const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

test("refusals of several instances are counted together, and each power of ten is a row", async () => {
  const { instances, rows, counts, failures } = await newInstances(3, 1);
  for (let time = 0; time < 40; time += 1) {
    for (const instance of instances) instance.add(refusal("192.0.2.7"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(async () => expect(sum(await counts())).toBe(120), 20_000);
  const found = await rows();
  // How many are counted in the first commit depends on the machine.
  const added = found.map(({ facts }) => Number(facts.refusals) - Number(facts.before));
  expect(added.reduce((sum_, each) => sum_ + each, 0)).toBe(100);
  expect(new Set(found.map(({ facts }) => facts.refusals)).size).toBe(found.length);
  expect(found[0]).toMatchObject({ action: "key.refused", subject: "key_a" });
  expect(found[0]?.facts.reason).toBe("revoked");
  expect(JSON.stringify(found)).not.toContain("192.0.2");
  expect(failures).toEqual([]);
});

test("a thousand refusals at once are one commit, and the next waits", async () => {
  const { store, instances, counts } = await newInstances(1, 3_600_000);
  for (let time = 0; time < 1_000; time += 1) instances[0]?.add(refusal(`192.0.${time % 256}.1`));
  await vi.waitFor(async () => expect(sum(await counts())).toBe(1_000), 20_000);
  instances[0]?.add(refusal("192.0.2.7"));
  await new Promise((resolve) => setImmediate(resolve));
  // The first commit made the key.
  expect(store.tried).toHaveLength(2);
  const networks = Object.keys(await counts()).map((name) => name.split(" ")[0]);
  expect(networks).toHaveLength(9);
  expect(networks).toContain("others");
});

test("refusals that couldn't be written are counted once the database answers again", async () => {
  const { deps, failures, counts, rows } = await newInstances(0, 1);
  let isAway = true;
  const submit: CommitCoordinator["submit"] = async (change) => {
    if (isAway) throw new ApiError("UNAVAILABLE");
    return await deps.commits.submit(change);
  };
  const instance = new RefusedKeyUses({ ...deps, commits: { submit } }, 1);
  for (let time = 0; time < 12; time += 1) instance.add(refusal("192.0.2.7"));
  await vi.waitFor(() => expect(failures.length).toBeGreaterThan(1), 20_000);
  isAway = false;
  await vi.waitFor(async () => expect(sum(await counts())).toBe(12), 20_000);
  expect((await rows()).map(({ facts }) => facts.refusals)).toEqual([10]);
});

test("nothing is written for a key that was erased meanwhile", async () => {
  const { store, instances, rows, counts, failures } = await newInstances(1, 3_600_000);
  await store.commit([remove(ref, null)]);
  instances[0]?.add(refusal("192.0.2.7"));
  await vi.waitFor(() => expect(failures).toHaveLength(1), 30_000);
  expect([await rows(), await counts()]).toEqual([[], {}]);
});

const keyOf = (account: string, number: number) => {
  const id = `key_${account}${number}`;
  return {
    ...{ text: id, ref: apiKeys.doc(id), reason: "revoked" as const },
    key: { ...key, id, ownerId: `user_${account.repeat(21)}` },
    client: { address: "192.0.2.7", userAgent: "test", requestId: "req_1" },
  };
};

test("TEN-2 one account's thousand dead keys hide no refusal of another's", async () => {
  const { store, instances, failures } = await newInstances(1, 3_600_000);
  const [instance] = instances;
  const flood = Array.from({ length: 1_000 }, (_, number) => keyOf("f", number));
  const own = keyOf("n", 1);
  for (const { ref: each, key: value } of [...flood, own])
    await store.commit([create(each, value)]);
  const madeBefore = store.tried.length;
  for (const each of flood) instance?.add(each);
  for (let time = 0; time < 5_000; time += 1) instance?.add(own);
  const place = keyRefusals.of(mintOwner(own.key.ownerId, "development"), `${own.key.id}-${hour}`);
  await vi.waitFor(async () => {
    expect((await store.get(place)).value?.counts).toSatisfy(
      (found) => Object.values(found ?? {}).join() === "5000",
    );
  }, 20_000);
  const turn = store.tried.findIndex((paths) => paths.includes(place.path));
  expect(turn - madeBefore, "its turn comes after the writes that had begun").toBeLessThan(10);
  expect(failures).toEqual([]);
});

test("what waits is bounded over all accounts, and those with the most give way", async () => {
  const { store, instances, failures } = await newInstances(1, 3_600_000);
  const accounts = [..."bcdefghijklmopqrstuvwxy"];
  const many = accounts.flatMap((each) => Array.from({ length: 60 }, (_, n) => keyOf(each, n)));
  const last = keyOf("z", 1);
  for (const { ref: each, key: value } of [...many, last])
    await store.commit([create(each, value)]);
  for (const each of [...many, last]) instances[0]?.add(each);
  const place = keyRefusals.of(
    mintOwner(last.key.ownerId, "development"),
    `${last.key.id}-${hour}`,
  );
  await vi.waitFor(async () => expect((await store.get(place)).value).not.toBeNull(), 20_000);
  const written = async () =>
    await Promise.all(
      accounts.map(async (each) => {
        const all = keyRefusals.all(mintOwner(`user_${each.repeat(21)}`, "development"));
        return (await store.findAll(all, { where: [], limit: 100 })).length;
      }),
    );
  await vi.waitFor(
    async () => expect(Math.max(...(await written()))).toBeLessThanOrEqual(50),
    20_000,
  );
  expect(failures).toEqual([]);
});

test("seals details for rows alone, not for refusals that only count", async () => {
  const { instances, rows, counts, ids } = await newInstances(1, 1);
  for (let time = 0; time < 9; time += 1) {
    instances[0]?.add(refusal("192.0.2.7"));
    const expected = time + 1;
    await vi.waitFor(async () => expect(sum(await counts())).toBe(expected), 20_000);
  }
  expect([(await rows()).length, ids.length]).toEqual([1, 1]);
});
