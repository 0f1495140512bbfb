/**
 * While the store doesn't answer, in separate processes at the same time, because each waits long.
 */
import { expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";

/** The answer of a process of `name` whose calls of `method` fail. */
async function answerWithout(
  method: string,
  name: string,
  ask: (child: FunctionAside) => ReturnType<typeof send>,
) {
  const [aside] = await startAsides(name, 1);
  if (!aside) throw new Error("no process");
  try {
    aside.proxy.faults.order(method, { kind: "unavailable-before" }, 1_000);
    return await ask(aside);
  } finally {
    await aside.stop();
  }
}

const unavailable = { status: 503, json: { code: "UNAVAILABLE" } };

async function expectUntouched({ key }: TestOwner, threadId: string): Promise<void> {
  expect((await send("/v1/budget", { key })).json).toMatchObject({ balance: 1, held: 0 });
  const { thread } = (await send(`/v1/threads/${threadId}`, { key })).json;
  expect(thread).toMatchObject({ status: "active", messageCount: 0 });
}

test
  .runIf(isTurn(0, 4))
  .concurrent("KEY-7 a key that can't be looked up is refused", async ({ expect }) => {
    const { key } = await newOwner({ creditUsd: 0 });
    const read = async ({ baseUrl }: FunctionAside) => await send("/v1/agents", { key, baseUrl });
    expect(await answerWithout("BatchGetDocuments", "agents", read)).toMatchObject(unavailable);
    expect((await send("/v1/agents", { key })).status).toBe(200);
  });

const methods = sharedOut(["BatchGetDocuments", "Commit"], 2);

test.concurrent.for(methods)(
  "LIM-3 F3 an execution whose limits can't be checked is refused and costs nothing: %s fails",
  async (method, { expect }) => {
    const owner = await newOwner({ creditUsd: 1 });
    const { key } = owner;
    const threadId = await newThread(key);
    const path = `/v1/threads/${threadId}/messages`;
    const body = { content: "true" };
    const start = async ({ baseUrl }: FunctionAside) => {
      // The key is cached by then, so the limit's check fails and not the caller's.
      if (method === "Commit") await send(`/v1/threads/${threadId}`, { key, baseUrl });
      return await send(path, { key, baseUrl, body });
    };
    expect(await answerWithout(method, "threads", start)).toMatchObject(unavailable);
    await expectUntouched(owner, threadId);
    expect((await send(path, { key, body })).status).toBe(200);
  },
);

test
  .runIf(isTurn(2, 4))
  .concurrent(
    "LIM-3 F3 a secret that can't be stored with its record is refused",
    async ({ expect }) => {
      const { key } = await newOwner({ creditUsd: 0 });
      const environmentId = await newEnvironment(key);
      const path = `/v1/environments/${environmentId}/secrets`;
      const body = { key: "NAME", value: "a long value" };
      const store = async ({ baseUrl }: FunctionAside) => await send(path, { key, baseUrl, body });
      expect(await answerWithout("Commit", "environments", store)).toMatchObject(unavailable);
      expect((await send(path, { key })).json.data).toEqual([]);
    },
  );
