/** Functions of two releases change one document; the older one must not undo the newer one. */
import { nanoid } from "nanoid";
import { expect, test } from "vitest";
import * as z from "zod";
import { newOwner } from "#shared/owners/act-on-owner";
import { create, ownedCollection, replace } from "#shared/store/documents";
import { Store } from "#shared/store/store";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import { cloud } from "../kit/cloud.ts";

const older = ownedCollection(["things"], z.object({ v: z.literal(1), count: z.int() }));
const newer = ownedCollection(
  ["things"],
  z.object({ v: z.literal(1), count: z.int(), asked: z.int().nullable().default(null) }),
);

test("a field that a newer release added survives a change by an older one", async () => {
  const database = openFirestore(cloud().environment);
  const store = new Store(database);
  const owner = newOwner(`user_${nanoid()}`, "development");
  try {
    await store.commit([create(newer.of(owner, "a"), { v: 1, count: 1, asked: 7 })]);
    const seen = await store.require(older.of(owner, "a"));
    const { ref, version } = seen;
    await store.commit([replace(ref, version, { ...seen.value, count: 2 })]);
    const { value } = await store.require(newer.of(owner, "a"));
    expect(value).toEqual({ v: 1, count: 2, asked: 7 });
  } finally {
    await database.terminate();
  }
});
