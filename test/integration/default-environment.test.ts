/** The environment of requests that name none: made once, and never again under the same id. */
import { describe, expect, test } from "vitest";
import { derivedId } from "#shared/core/ids";
import { send } from "../kit/client.ts";
import { startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

const defaultOf = async ({ key }: TestOwner) => await send("/v1/environments/default", { key });
const remove = async ({ key }: TestOwner, id: string) =>
  await send(`/v1/environments/${id}`, { key, method: "DELETE" });

/** The ids of an owner's key pairs for environments, whatever names them. */
const pairsOf = async ({ id }: TestOwner) => {
  const pairs = firestore("keys").collection(`owners/${id}/sealingKeys`);
  const { docs } = await pairs.where("purpose", "==", "environment-secrets").get();
  return docs.map((doc) => doc.id);
};

describe("the default environment", () => {
  test("is one, however many requests need it at once", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => defaultOf(owner)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect((await send("/v1/environments", { key: owner.key })).json.total_count).toBe(1);
    expect(await pairsOf(owner)).toEqual([answers[0]?.json.id]);
  });

  test("TEN-2 leaves one key pair, also if it is deleted and many need another one at once", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const first = (await defaultOf(owner)).json.id;
    expect((await remove(owner, first)).status).toBe(200);
    const late = firestore("keys").doc(`owners/${owner.id}/sealingKeys/${first}`);
    await late.set({ purpose: "environment-secrets" });
    const answers = await Promise.all(Array.from({ length: 6 }, () => defaultOf(owner)));
    const second = answers[0]?.json.id;
    expect(second).not.toBe(first);
    expect(await pairsOf(owner)).toEqual([second]);
  });

  test.runIf(isTurn(0, 2))(
    "TEN-2 gets no key pair from a thread that is refused for want of room",
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      const [aside] = await startAsides("threads", 1, { limits: { quotas: { threadsMax: 1 } } });
      try {
        const environmentId = await newEnvironment(owner.key);
        const make = async (body: object) =>
          (await send("/v1/threads", { key: owner.key, baseUrl: aside?.baseUrl ?? "", body }))
            .status;
        expect(await make({ environmentId })).toBe(201);
        expect(await make({})).toBe(422);
        expect(await Promise.all([make({}), make({})])).toEqual([422, 422]);
        expect(await pairsOf(owner)).toEqual([environmentId]);
      } finally {
        await aside?.stop();
      }
    },
  );

  test.runIf(isTurn(1, 2))(
    "TEN-2 and any other leave no key pair where they are refused",
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      const limits = { quotas: { environmentsMax: 2 } };
      const [aside] = await startAsides("environments", 1, { limits });
      try {
        const make = async (fields: object) => {
          const request = { key: owner.key, baseUrl: aside?.baseUrl ?? "" };
          return await send("/v1/environments", { ...request, body: { name: "one", ...fields } });
        };
        // Short as JSON, and far longer as it is stored.
        const numbers = `[${Array(40_000).fill("1e20").join(",")}]`;
        const text = `{"name":"large","metadata":{"numbers":${numbers}}}`;
        const headers = { "content-type": "application/json" };
        const large = { key: owner.key, baseUrl: aside?.baseUrl ?? "", raw: text, headers };
        expect((await send("/v1/environments", large)).status).toBe(413);
        const answers = await Promise.all(Array.from({ length: 8 }, () => make({})));
        const made = answers.filter(({ status }) => status === 201);
        expect(made).toHaveLength(2);
        const ids = made.map(({ json }) => json.environment.id);
        expect(new Set(await pairsOf(owner))).toEqual(new Set(ids));
      } finally {
        await aside?.stop();
      }
    },
  );

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

  test.runIf(isTurn(1, 2))(
    "is the earlier one again, where another was the default meanwhile",
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      const first = (await defaultOf(owner)).json.id;
      const other = await newEnvironment(owner.key, { isDefault: true });
      expect((await defaultOf(owner)).json.id).toBe(other);
      await remove(owner, other);
      expect((await defaultOf(owner)).json.id).toBe(first);
    },
  );

  test.runIf(isTurn(0, 2))(
    "that an earlier release made is found, and its id isn't used again",
    async () => {
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
    },
  );
});
