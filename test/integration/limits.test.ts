import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { orderFault } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread } from "../kit/owners.ts";

describe("LIM-1 executions per key", () => {
  test("exactly 30 of 40 at once are admitted; the others are told when to come back", async () => {
    const { key } = await newOwner({ creditUsd: 5 });
    const environmentId = await newEnvironment(key);
    const threads = await Promise.all(
      Array.from({ length: 40 }, () => newThread(key, { environmentId })),
    );
    const answers = await Promise.all(
      threads.map(async (threadId) => {
        const enough = new AbortController();
        let admitted = false;
        const body = { content: "true" };
        const answer = await send(`/v1/threads/${threadId}/messages`, {
          key,
          body,
          signal: enough.signal,
          // The first event says that it was let in; it needn't be waited for.
          onText: (text) => {
            if (!text.includes("response.started")) return;
            admitted = true;
            enough.abort();
          },
        }).catch(() => null);
        return { admitted, answer };
      }),
    );
    expect(answers.filter(({ admitted }) => admitted)).toHaveLength(30);
    const refused = answers.filter(({ admitted }) => !admitted);
    expect(refused).toHaveLength(10);
    for (const { answer } of refused) {
      expect(answer).toMatchObject({ status: 429, json: { code: "RATE_LIMITED" } });
      expect(Number(answer?.headers["retry-after"])).toBeGreaterThan(14 * 60);
      expect(answer?.headers).toMatchObject({
        "ratelimit-limit": "30",
        "ratelimit-remaining": "0",
      });
    }
    // LIM-2: a refused request set no money aside, and its thread is as it was.
    const idle = await Promise.all(
      threads.map(async (id) => (await send(`/v1/threads/${id}`, { key })).json.thread),
    );
    expect(idle.filter(({ messageCount }) => messageCount === 0)).toHaveLength(10);
  });
});

describe("LIM-3 F3 a limit that can't be checked", () => {
  test.each(["BatchGetDocuments", "Commit"])(
    "refuses with 503 while %s fails, and charges nothing",
    async (method) => {
      const { key } = await newOwner({ creditUsd: 1 });
      const threadId = await newThread(key);
      const message = async () =>
        await send(`/v1/threads/${threadId}/messages`, { key, body: { content: "true" } });
      const fault = { kind: "unavailable-before" } as const;
      await orderFault("threads", { method, fault, calls: 1_000 });
      try {
        expect(await message()).toMatchObject({ status: 503, json: { code: "UNAVAILABLE" } });
      } finally {
        await orderFault("threads", null);
      }
      expect((await send("/v1/budget", { key })).json).toMatchObject({ balance: 1, held: 0 });
      const { thread } = (await send(`/v1/threads/${threadId}`, { key })).json;
      expect(thread).toMatchObject({ status: "active", messageCount: 0 });
      expect((await message()).status).toBe(200);
    },
  );
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
