import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { type AccountDeletion, accountDeletions } from "../store/account-deletions.ts";
import { dueExports } from "../store/account-exports.ts";
import { create, overwrite } from "../store/documents.ts";
import { buildExport } from "./build-export.ts";
import { ExportLease, Taken } from "./export-lease.ts";

const ownerId = `user_${"a".repeat(21)}`;

async function newLease() {
  const store = new MemoryStore();
  const ref = dueExports.doc(ownerId);
  const version = await store.commit([create(ref, { v: 1, ownerId, dueAt: 1 })]);
  return {
    store,
    ref,
    lease: new ExportLease({ store, now: () => 1_000 }, { ref, ownerId }, version),
  };
}

function deletionIn(state: AccountDeletion["state"]): AccountDeletion {
  return accountDeletions.schema.parse({
    ...{
      v: 1,
      ownerId,
      mode: "production",
      state,
      receiptSha256: "",
      requestedAt: 1,
      requestId: "r",
    },
    ...{ actor: { type: "key", id: "key_a" }, eraseAt: 2, dueAt: 2, kept: null, finishedAt: null },
    ...{ certificate: null, certificateKey: null },
  });
}

async function* two() {
  await Promise.resolve();
  yield Buffer.from("a");
  yield Buffer.from("b");
}

/** Takes all pieces; `meanwhile` happens before the end is asked for. */
async function take(lease: ExportLease, meanwhile: () => Promise<unknown>) {
  const pieces = lease.keptWhile(two());
  await pieces.next();
  await pieces.next();
  await meanwhile();
  return await pieces.next();
}

test("an archive ends under its lease, however fast it was made", async () => {
  const { store, ref, lease } = await newLease();
  expect(await take(lease, async () => undefined)).toMatchObject({ done: true });
  expect((await store.get(ref)).value?.dueAt).toBeGreaterThan(1_000);
  expect((await store.get(ref)).version).toEqual(lease.version);
});

test("an archive that another process has begun again has no end", async () => {
  const { store, ref, lease } = await newLease();
  const taken = take(lease, async () => {
    await store.commit([overwrite(ref, { v: 1, ownerId, dueAt: 5 })]);
  });
  await expect(taken).rejects.toBeInstanceOf(Taken);
});

test.each([
  ["pending", false],
  ["erasing", false],
  ["cancelled", true],
] as const)("an archive of an account whose deletion is %s ends: %s", async (state, ends) => {
  const { store, lease } = await newLease();
  const taken = take(lease, async () => {
    await store.commit([create(accountDeletions.doc(ownerId), deletionIn(state))]);
  });
  if (ends) expect(await taken).toMatchObject({ done: true });
  else await expect(taken).rejects.toBeInstanceOf(Taken);
});

test("no archive of an account that is being deleted is begun, until that is cancelled", async () => {
  const { store, ref } = await newLease();
  await store.commit([create(accountDeletions.doc(ownerId), deletionIn("pending"))]);
  const deps = { store, log: null, now: () => 1_000, signal: null } as never;
  expect(await buildExport(deps, await store.require(ref))).toBe("waits");
  expect((await store.get(ref)).value?.dueAt).toBeGreaterThan(60_000);
});
