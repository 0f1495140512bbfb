/** How one owner's load affects another, and how much one may have open, through the front door. */
import { type IncomingMessage, request } from "node:http";
import { nanoid } from "nanoid";
import { afterEach, describe, expect, test } from "vitest";
import { multipart, send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { sampleExecution } from "../kit/sample-execution.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let aside: FunctionAside | undefined;

afterEach(async () => {
  aside?.proxy.faults.clear();
  await aside?.stop();
  aside = undefined;
});

async function startOne(name: string, fairness: object): Promise<FunctionAside> {
  [aside] = await startAsides(name, 1, { limits: { fairness } });
  if (!aside) throw new Error("no process");
  return aside;
}

describe("TEN-1 requests of two owners in one instance", () => {
  test.runIf(isTurn(0, 4))(
    "wait for their own owner alone, who hears so if too many are sent at once",
    async () => {
      const [flood, neighbour] = await Promise.all([
        newOwner({ creditUsd: 0 }),
        newOwner({ creditUsd: 0 }),
      ]);
      const fairness = { aloneMax: 1, sharedMax: 1, ownerWaitingMax: 3, waitMsMax: 60_000 };
      const { baseUrl, proxy } = await startOne("agents", fairness);
      // The instance knows both keys now, so a request waits once it has arrived.
      for (const { key } of [flood, neighbour]) await send("/v1/agents", { key, baseUrl });
      const ask = async () => await send("/v1/agents", { key: flood.key, baseUrl });
      proxy.faults.order("RunQuery", { kind: "hold-before" });
      const first = ask();
      await until("the first in the database", async () => proxy.faults.held === 1);
      // The queue takes three of four simultaneous requests.
      const more = Array.from({ length: 4 }, ask);
      const refused = await Promise.race(more);
      expect(refused).toMatchObject({ status: 429, json: { code: "ACCOUNT_BUSY" } });
      expect(refused.headers["retry-after"]).toBe("1");
      // The only place stays taken meanwhile.
      const theirs = await send(`/v1/agents/agent_${nanoid()}`, { key: neighbour.key, baseUrl });
      expect(theirs.status).toBe(404);
      expect(proxy.faults.held).toBe(1);
      proxy.faults.clear();
      const answers = await Promise.all([first, ...more]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429]);
    },
  );
});

describe("TEN-1 lists of two owners in one instance", () => {
  test("are read in turn: one's many keep none of another's waiting", async () => {
    const [flood, neighbour] = await Promise.all([
      newOwner({ creditUsd: 0 }),
      newOwner({ creditUsd: 0 }),
    ]);
    for (let made = 0; made < 2; made += 1) await newThread(flood.key);
    const threadId = await newThread(neighbour.key);
    const { baseUrl, proxy } = await startOne("threads", { sharedMax: 20 });
    proxy.faults.order("RunAggregationQuery", { kind: "hold-before" }, 20);
    // A page that another follows is counted, which nothing else here is.
    const lists = Array.from({ length: 8 }, async () => {
      return await send("/v1/threads?limit=1", { key: flood.key, baseUrl });
    });
    await until("lists that are held", async () => proxy.faults.held >= 2);
    // Answered once all that was sent before has asked for what it can.
    const missing = `/v1/threads/thread_${nanoid()}/status`;
    expect((await send(missing, { key: flood.key, baseUrl })).status).toBe(404);
    const theirs = await send(`/v1/threads/${threadId}`, { key: neighbour.key, baseUrl });
    expect(theirs.status).toBe(200);
    proxy.faults.clear();
    expect((await Promise.all(lists)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  });
});

describe("KEY-10 a request that ends a key, and whose body never comes", () => {
  test.runIf(isTurn(1, 4))("holds no place that another key's revocation needs", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const { json: other } = await send("/v1/keys", { key: owner.key, body: { name: "other" } });
    const fairness = { aloneMax: 1, sharedMax: 1, waitMsMax: 500 };
    const { baseUrl } = await startOne("keys", fairness);
    const path = `/v1/keys/${other.id}/revoke`;
    const headers = { authorization: `Bearer ${other.key}`, "content-length": "100" };
    const unsent = request(new URL(path, baseUrl), { method: "POST", headers, agent: false });
    unsent.on("error", () => undefined).flushHeaders();
    // It has reached the gate once a later read with its key is answered.
    expect((await send("/v1/keys", { key: other.key, baseUrl })).status).toBe(200);
    const revoked = await send(path, { key: owner.key, method: "POST", baseUrl });
    unsent.destroy();
    expect(revoked.status).toBe(200);
  });
});

/** A reader that takes nothing until the test says so. */
async function openUnread(baseUrl: string, path: string, key: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` };
    const sent = request(new URL(path, baseUrl), { headers, agent: false });
    sent.once("response", (answer) => resolve(answer.on("error", () => undefined)));
    sent.once("error", reject);
    sent.end();
  });
}

/** An execution that is marked as running, with nothing that runs. */
async function plantRunning({ id: ownerId }: TestOwner): Promise<string> {
  const id = `run_${nanoid()}`;
  const later = Date.now() + 3_600_000;
  const times = { claimedAt: Date.now(), leaseExpiresAt: later, sweepAt: later };
  const running = sampleExecution({ id, ownerId, status: "running", ...times });
  const { threadId } = running;
  // An execution whose thread is gone isn't shown.
  await firestore().doc(`owners/${ownerId}/threads/${threadId}`).set({ v: 1, id: threadId });
  await firestore().doc(`owners/${ownerId}/executions/${id}`).create(running);
  return id;
}

describe("TEN-2 streams that are open at once", () => {
  test.runIf(isTurn(2, 4))(
    "are bounded per key and per owner, and hold no place among requests",
    async () => {
      const [owner, neighbour] = await Promise.all([
        newOwner({ creditUsd: 0 }),
        newOwner({ creditUsd: 0 }),
      ]);
      const [id, theirs] = await Promise.all([plantRunning(owner), plantRunning(neighbour)]);
      const makeKey = async (name: string): Promise<string> =>
        (await send("/v1/keys", { key: owner.key, body: { name } })).json.key;
      const [second, third] = [await makeKey("second"), await makeKey("third")];
      const places = { aloneMax: 1, sharedMax: 1, waitMsMax: 500 };
      const { baseUrl } = await startOne("executions", {
        ...places,
        openPerKeyMax: 1,
        openPerOwnerMax: 2,
      });
      const path = `/v1/executions/${id}/events`;
      const expectRefused = async (key: string, limit: number) => {
        const { status, json, headers } = await send(path, { key, baseUrl });
        expect({ status, ...json }).toMatchObject({
          status: 429,
          code: "STREAMS_LIMITED",
          details: { limit },
        });
        expect(headers["retry-after"]).toBe("5");
      };
      const first = await openUnread(baseUrl, path, owner.key);
      await expectRefused(owner.key, 1);
      expect((await openUnread(baseUrl, path, second)).statusCode).toBe(200);
      await expectRefused(third, 2);
      const other = await openUnread(baseUrl, `/v1/executions/${theirs}/events`, neighbour.key);
      expect(other.statusCode).toBe(200);
      expect((await send(`/v1/executions/${id}`, { key: owner.key, baseUrl })).status).toBe(200);
      first.destroy();
      await until("a place that is free again", async () => {
        const again = await openUnread(baseUrl, path, owner.key);
        again.destroy();
        return again.statusCode === 200;
      });
    },
  );
});

describe("TEN-2 a download that nobody reads", () => {
  const fileBytes = 24 * 1024 * 1024;

  test.runIf(isTurn(3, 4))(
    "is fetched no faster than it is read, and is cut off after a while",
    async () => {
      const { key } = await newOwner({ creditUsd: 0 });
      const environmentId = await newEnvironment(key);
      const folder = `/v1/environments/${environmentId}/files`;
      const bytes = Buffer.alloc(fileBytes, "paddock ");
      const uploaded = await send(`${folder}/upload`, {
        key,
        ...multipart({ name: "large", bytes }),
      });
      expect(uploaded.status).toBe(200);
      const limits = { stalledMsMax: 1_000, openPerKeyMax: 1 };
      const { baseUrl, readBytes } = await startOne("files", limits);
      const before = await readBytes();
      const unread = await openUnread(baseUrl, `${folder}/large`, key);
      expect(unread.headers["content-length"]).toBe(String(fileBytes));
      // Its place is free again once it was cut off.
      let fetchedBytes = 0;
      const read = await until("its end", async () => {
        fetchedBytes = (await readBytes()) - before;
        const answer = await send(`${folder}/large`, { key, baseUrl });
        return answer.status === 429 ? null : answer;
      });
      expect(fetchedBytes).toBeLessThan(fileBytes / 2);
      expect(read.bytes.equals(bytes)).toBe(true);
      await new Promise((resolve) => unread.once("close", resolve).resume());
      expect(unread.complete).toBe(false);
    },
  );
});
