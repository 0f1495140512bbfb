import { describe, expect, test } from "vitest";
import { multipart, send } from "../kit/client.ts";
import { newEnvironment, newOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

describe("KEY-5 a key whose entry an instance still holds", () => {
  test("can't store anything once it is revoked, whatever it sends", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const environmentId = await newEnvironment(owner.key);
    const made = (await send("/v1/keys", { key: owner.key, body: { name: "doomed" } })).json;
    const path = `/v1/environments/${environmentId}/files/upload`;
    const upload = async (name: string) =>
      await send(path, { key: made.key, method: "POST", ...multipart({ name, bytes: name }) });
    const create = async () =>
      await send("/v1/environments", { key: made.key, body: { name: "second" } });
    expect([(await upload("before")).status, (await create()).status]).toEqual([200, 201]);
    const pairs = async () =>
      (await firestore("keys").collection(`owners/${owner.id}/sealingKeys`).get()).size;
    const pairsBefore = await pairs();
    const revoke = await send(`/v1/keys/${made.id}/revoke`, { key: owner.key, method: "POST" });
    expect(revoke.status).toBe(200);
    expect([(await upload("after")).status, (await create()).status]).toEqual([401, 401]);
    expect(await pairs()).toBe(pairsBefore);
  });
});
