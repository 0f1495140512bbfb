/** The environment of requests that name none: made once, and never again under the same id. */
import { describe, expect, test } from "vitest";
import { derivedId } from "#shared/core/ids";
import { send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

const defaultOf = async ({ key }: TestOwner) => await send("/v1/environments/default", { key });
const remove = async ({ key }: TestOwner, id: string) =>
  await send(`/v1/environments/${id}`, { key, method: "DELETE" });

describe("the default environment", () => {
  test("is one, however many requests need it at once", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => defaultOf(owner)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect((await send("/v1/environments", { key: owner.key })).json.total_count).toBe(1);
  });

  test("KEY-4 SEC-6 is another one after its deletion: what named the old one finds nothing", async () => {
    const owner = await newOwner({ creditUsd: 2 });
    const first = (await defaultOf(owner)).json.id;
    const body = { name: "limited", environmentIds: [first] };
    const limited = (await send("/v1/keys", { key: owner.key, body })).json.key;
    expect((await remove(owner, first)).status).toBe(200);
    const threadId = await newThread(owner.key);
    const second = (await defaultOf(owner)).json.id;
    expect(second).not.toBe(first);
    const secret = `/v1/environments/${second}/secrets/TOKEN`;
    const put = { key: owner.key, method: "PUT", body: { value: "a-secret-of-the-new-one" } };
    expect((await send(secret, put)).status).toBe(200);
    for (const path of ["", "/files", "/secrets"]) {
      const seen = await send(`/v1/environments/${second}${path}`, { key: limited });
      expect(seen.status, path).toBe(404);
    }
    expect((await runScript(owner.key, threadId, "printf $TOKEN | wc -c")).content).toContain("23");
  });

  test("is the earlier one again, where another was the default meanwhile", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const first = (await defaultOf(owner)).json.id;
    const other = await newEnvironment(owner.key, { isDefault: true });
    expect((await defaultOf(owner)).json.id).toBe(other);
    await remove(owner, other);
    expect((await defaultOf(owner)).json.id).toBe(first);
  });

  test("that an earlier release made is found, and its id isn't used again", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const early = derivedId("environment", owner.id, "default");
    const places = firestore().collection(`owners/${owner.id}/environments`);
    const template = (await places.doc(await newEnvironment(owner.key)).get()).data();
    await places.doc(early).create({ ...template, id: early, isDefault: false });
    expect((await defaultOf(owner)).json.id).toBe(early);
    expect((await remove(owner, early)).status).toBe(200);
    const next = (await defaultOf(owner)).json.id;
    expect(next).not.toBe(early);
    expect((await defaultOf(owner)).json.id).toBe(next);
  });
});
