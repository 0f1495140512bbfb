/** How the owner of an account gets it back once its keys are lost or in a thief's hands. */
import { describe, expect, test } from "vitest";
import { accountOf } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { anotherKey, asOperator, newOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";

const reason = "They have shown us that the account is theirs";

describe("KEY-9 an account whose keys are in a thief's hands", () => {
  test("is suspended, loses all keys, gets a new one, and is resumed", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const path = `/v1/admin/users/${owner.id}`;
    const thief = await anotherKey(owner);
    const made = await anotherKey(thief);
    expect(await asOperator(`${path}/keys/revoke`, { reason })).toMatchObject({
      status: 409,
      json: { code: "CONFLICT" },
    });
    expect((await asOperator(`${path}/suspend`, {})).status).toBe(200);
    const ended = await asOperator(`${path}/keys/revoke`, { reason });
    expect(ended.status).toBe(200);
    expect(ended.json.remaining).toBe(false);
    const all = [owner, thief, made];
    expect(new Set(ended.json.revoked)).toEqual(new Set(all.map(({ keyId }) => keyId)));
    const again = await asOperator(`${path}/keys/revoke`, { reason });
    expect(again.json).toEqual({ revoked: [], remaining: false });
    const given = await asOperator(`${path}/keys`, { name: "the way back", reason });
    expect(given.status).toBe(201);
    expect(given.json).toMatchObject({ name: "the way back", scopes: ["*"], expiresAt: null });
    const list = async (key: string) => await send("/v1/keys", { key });
    expect((await list(given.json.key)).status).toBe(401);
    expect((await asOperator(`${path}/resume`, {})).status).toBe(200);
    for (const { key } of all) expect((await list(key)).status).toBe(401);
    const listed = await list(given.json.key);
    expect(listed.status).toBe(200);
    const alive = listed.json.data.filter(({ isActive }: { isActive: boolean }) => isActive);
    expect(alive.map(({ id }: { id: string }) => id)).toEqual([given.json.id]);
    expect(Object.keys((await accountOf(owner)).admission.closedKeys)).toHaveLength(all.length);
    const acts = (await auditOf(owner.id)).map(({ action, actor }) => [action, actor.type]);
    // Uses of the dead keys are rows, too.
    expect(acts.filter(([, by]) => by === "operator").slice(-4)).toEqual([
      ["owner.suspended", "operator"],
      ["keys.revoked", "operator"],
      ["key.created", "operator"],
      ["owner.resumed", "operator"],
    ]);
    // Only the owner can read why.
    const rows = await firestore().collection(`owners/${owner.id}/audit`).get();
    const sealed = rows.docs.filter((doc) => /^keys?\./.test(doc.get("action")));
    for (const row of sealed) expect(row.get("sealedDetails")).toEqual(expect.any(String));
    expect(JSON.stringify(rows.docs.map((doc) => doc.data()))).not.toContain(reason);
  });
});

describe("KEY-9 an account that has lost its last key", () => {
  test("gets a new one, however many live keys it has", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const account = firestore().doc(`owners/${owner.id}/account/budget`);
    await account.update({ keyCount: { atMost: 200, made: 200 } });
    const path = `/v1/admin/users/${owner.id}/keys`;
    const given = await asOperator(path, { reason });
    expect(given.status).toBe(201);
    expect((await accountOf(owner)).keyCount).toEqual({ atMost: 201, made: 201 });
    const { key } = given.json;
    // The account says that it is full, so its keys are counted, of which there are two.
    expect((await send("/v1/keys", { key, body: { name: "own" } })).status).toBe(201);
    expect((await accountOf(owner)).keyCount).toEqual({ atMost: 3, made: 202 });
  });
});
