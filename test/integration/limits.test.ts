import { describe, expect, test } from "vitest";
import { type Answer, send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import { forged, keyWithCheck } from "../security/support/stranger-keys.ts";

/** The limits of one process; those that aren't stated are as wide as in every test. */
const oneOf = async (name: string, limits: object) => {
  const [aside] = await startAsides(name, 1, { limits });
  if (!aside) throw new Error("no process");
  return aside;
};

const left = ({ headers }: Answer) => [headers["ratelimit-limit"], headers["ratelimit-remaining"]];

function expectTooMany(answer: Answer, limit: number): void {
  expect(answer).toMatchObject({ status: 429, json: { code: "RATE_LIMITED" } });
  expect(left(answer)).toEqual([String(limit), "0"]);
  const seconds = Number(answer.headers["retry-after"]);
  expect(seconds).toBeGreaterThan(0);
  expect(answer.headers["ratelimit-reset"]).toBe(String(seconds));
}

describe("LIM-2 limits are taken together or not at all", () => {
  test.runIf(isTurn(0, 3))(
    "a request that one refuses counts against none, and reads nothing",
    async () => {
      const { key } = await newOwner({ creditUsd: 0 });
      const environmentId = await newEnvironment(key);
      const windowMs = 3_600_000;
      const requests = {
        perKey: { max: 6, windowMs },
        perOwner: { max: 7, windowMs },
        secrets: { max: 2, windowMs },
      };
      const aside = await oneOf("environments", { requests });
      try {
        const ask = async (path = "", callerKey = key) =>
          await send(`/v1/environments/${environmentId}${path}`, {
            key: callerKey,
            baseUrl: aside.baseUrl,
          });
        expect(left(await ask())).toEqual(["6", "5"]);
        expect(left(await ask("/secrets"))).toEqual(["2", "1"]);
        expect(left(await ask("/secrets"))).toEqual(["2", "0"]);
        const { reads } = aside.proxy.counters();
        for (let time = 0; time < 5; time += 1) expectTooMany(await ask("/secrets"), 2);
        // The key's own entry may have to be read again, once a second.
        expect(aside.proxy.counters().reads - reads).toBeLessThan(3);
        // Three of six are left for the key, four of seven for its owner.
        for (const remaining of ["2", "1", "0"])
          expect(left(await ask())).toEqual(["6", remaining]);
        expectTooMany(await ask(), 6);
        const other = (await send("/v1/keys", { key, body: { name: "other" } })).json.key;
        expect(left(await ask("", other))).toEqual(["7", "0"]);
        expectTooMany(await ask("", other), 7);
      } finally {
        await aside.stop();
      }
    },
  );

  test.runIf(isTurn(2, 3))(
    "what is refused after its documents were read counts all the same",
    async () => {
      const { id, key } = await newOwner({ creditUsd: 0 });
      const closed = Array.from({ length: 1_000 }, (_, index) => [`key_${index}`, Date.now()]);
      const account = firestore().doc(`owners/${id}/account/budget`);
      await account.update({ "admission.closedKeys": Object.fromEntries(closed) });
      const requests = { perKey: { max: 3, windowMs: 3_600_000 } };
      const { baseUrl, proxy, stop } = await oneOf("keys", { requests });
      try {
        const make = async () => await send("/v1/keys", { key, baseUrl, body: { name: "more" } });
        for (const remaining of ["2", "1", "0"]) {
          const refused = await make();
          expect(refused).toMatchObject({ status: 429, json: { code: "RATE_LIMITED" } });
          expect(left(refused)).toEqual(["3", remaining]);
        }
        const { reads } = proxy.counters();
        for (let time = 0; time < 5; time += 1) expectTooMany(await make(), 3);
        // The key's own entry may have to be read again, once a second.
        expect(proxy.counters().reads - reads).toBeLessThan(5);
      } finally {
        await stop();
      }
    },
  );

  test.runIf(isTurn(1, 3))(
    "what the account refuses gives back what the process took, and isn't asked again",
    async () => {
      const { key } = await newOwner({ creditUsd: 1 });
      const executions = { max: 1, windowMs: 900_000 };
      const requests = { perKey: { max: 4, windowMs: 900_000 } };
      const [first, second] = [await newThread(key), await newThread(key)];
      const aside = await oneOf("threads", { executions, requests });
      try {
        const { baseUrl } = aside;
        const start = async (threadId: string) =>
          await send(`/v1/threads/${threadId}/messages`, {
            key,
            baseUrl,
            body: { content: "true" },
          });
        const started = await start(first);
        expect(started.status).toBe(200);
        expect(left(started)).toEqual(["1", "0"]);
        expectTooMany(await start(second), 1);
        const { reads } = aside.proxy.counters();
        for (let time = 0; time < 5; time += 1) expectTooMany(await start(second), 1);
        // The account is asked again once a second, not five times.
        expect(aside.proxy.counters().reads - reads).toBeLessThan(10);
        // One start and one read of four, because refused starts don't count.
        const read = await send(`/v1/threads/${second}`, { key, baseUrl });
        expect(left(read)).toEqual(["4", "2"]);
        expect(read.json.thread).toMatchObject({ status: "active", messageCount: 0 });
      } finally {
        await aside.stop();
      }
    },
  );
});

describe("credentials of an address that were refused", () => {
  test("lock no valid key of that address out, and are looked up once each", async () => {
    const { id, key } = await newOwner({ creditUsd: 0 });
    const revoked = (await send("/v1/keys", { key, body: { name: "revoked" } })).json;
    await send(`/v1/keys/${revoked.id}/revoke`, { key, method: "POST" });
    // A known key's first refusal is written at once, and what is counted then once in a while.
    const aside = await oneOf("agents", { refusedUsesWrittenMs: 3_600_000 });
    try {
      const localAddress = "127.50.0.1";
      const ask = async (callerKey: string) =>
        (await send("/v1/agents", { key: callerKey, baseUrl: aside.baseUrl, localAddress })).status;
      const dead = [keyWithCheck(), revoked.key];
      for (const by of dead) expect(await ask(by)).toBe(401);
      const refusals = firestore().collection(`owners/${id}/keyRefusals`);
      await until("the first refusal's row", async () => (await refusals.get()).size > 0);
      const { reads } = aside.proxy.counters();
      for (let time = 0; time < 151; time += 1) {
        for (const by of [...dead, forged]) expect(await ask(by)).toBe(401);
      }
      expect(aside.proxy.counters().reads).toBe(reads);
      expect(await ask(key)).toBe(200);
    } finally {
      await aside.stop();
    }
  });
});

describe("EDG-2 requests per address", () => {
  test("exactly 1,000 are let in; the next is refused with its limits, another address isn't", async () => {
    const localAddress = "127.99.99.99";
    let admitted = 0;
    for (let batch = 0; batch < 20; batch += 1) {
      const answers = await Promise.all(
        Array.from({ length: 51 }, () => send("/v1/health", { localAddress })),
      );
      admitted += answers.filter(({ status }) => status === 200).length;
    }
    expect(admitted).toBe(1_000);
    const refused = await send("/v1/health", { localAddress });
    expect(refused).toMatchObject({ status: 429, json: { code: "RATE_LIMITED" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(refused.headers["ratelimit-limit"]).toBe("1000");
    expect((await send("/v1/health", { localAddress: "127.99.99.98" })).status).toBe(200);
  });
});
