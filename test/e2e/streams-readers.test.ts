/** Who marks an execution as read, how often, and how its runner learns of it. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { issueToken, type SigningKeys } from "#shared/core/executions/ticket";
import { Execution } from "#shared/store/executions";
import { formatVersion } from "#shared/store/versions";
import { send } from "../kit/client.ts";
import { cloud, functionUrl, operationsOf, resetOperations, until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;

beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key);
});

/** An execution that runs until `work` is done, and is then cancelled. */
async function whileRunning(work: (executionId: string) => Promise<void>): Promise<void> {
  const threadId = await newThread(owner.key, { environmentId });
  let worked: Promise<void> | undefined;
  await runScript(owner.key, threadId, "echo begun; sleep 50", {
    onText: (text) => {
      const id = /"run":\{"id":"(run_[\w-]{21})"/.exec(text)?.[1];
      if (id && text.includes("begun\\n")) worked ??= work(id).finally(() => cancel(threadId));
    },
  });
  await worked;
}

async function cancel(threadId: string): Promise<void> {
  await send(`/v1/threads/${threadId}/cancel`, { key: owner.key, method: "POST" });
}

const documentOf = (id: string) => firestore().doc(`owners/${owner.id}/executions/${id}`);

async function executionOf(id: string) {
  const snapshot = await documentOf(id).get();
  return { value: Execution.parse(snapshot.data()), version: snapshot.updateTime };
}

/** Sets the mark back, as if nobody had been reading for a while. */
async function forgetReaders(id: string): Promise<void> {
  await documentOf(id).update({ readerUntil: 0 });
}

async function readerOf(path: string): Promise<{ leave(): void }> {
  const gone = new AbortController();
  let begun = false;
  const onText = () => {
    begun = true;
  };
  send(path, { key: owner.key, signal: gone.signal, onText }).catch(() => {});
  await until("a stream", async () => begun);
  return { leave: () => gone.abort() };
}

describe("a reader that comes later", () => {
  test("is noted for two minutes, once for all that come with it", async () => {
    await whileRunning(async (id) => {
      await forgetReaders(id);
      await resetOperations();
      const began = Date.now();
      const readers = [];
      for (let count = 0; count < 3; count += 1) {
        readers.push(await readerOf(`/v1/executions/${id}/events`));
      }
      expect(await operationsOf("executions")).toMatchObject({ writes: 1 });
      const { readerUntil } = (await executionOf(id)).value;
      expect(readerUntil).toBeGreaterThanOrEqual(began + 120_000);
      for (const reader of readers) reader.leave();
    });
  });
});

describe("the runner's gateway", () => {
  /** Calls the gateway like the execution's runner, without disturbing the real one. */
  async function runnerOf(id: string) {
    const keys = await gatewayKeys();
    const { value } = await executionOf(id);
    const { threadId, attempt } = value;
    const expiresAt = Date.now() + 60_000;
    const claims = { ownerId: owner.id, executionId: id, threadId, environmentId, attempt };
    const key = issueToken("control", { ...claims, expiresAt }, keys);
    const baseUrl = await functionUrl("runner-gateway");
    return async (path: string, body: object) => {
      const { json } = await send(`/internal/executions/${path}`, { baseUrl, key, body });
      const { reads } = await operationsOf("runner-gateway");
      return { ...json, reads };
    };
  }

  test("tells a heartbeat that somebody came to read, and reads nothing else for it", async () => {
    await whileRunning(async (id) => {
      const post = await runnerOf(id);
      // The real runner's heartbeats change the document, too, and then it is read again.
      await until("two heartbeats that no other one meets", async () => {
        await forgetReaders(id);
        const unread = await executionOf(id);
        const leaseVersion = formatVersion(unread.version ?? fail());
        await resetOperations();
        const beat = await post("heartbeat", { leaseVersion, readerUntil: 0 });
        if (beat.reads > 0) return false;
        expect(beat.lease.readerUntil).toBe(0);
        const reader = await readerOf(`/v1/executions/${id}/events`);
        await resetOperations();
        const { version } = beat.lease;
        const next = await post("heartbeat", { leaseVersion: version, readerUntil: 0 });
        reader.leave();
        if (next.reads > 1) return false;
        expect(next.lease.readerUntil).toBeGreaterThan(Date.now() + 60_000);
        return next.reads === 1;
      });
    });
  });

  test.each([
    ["somebody", 60_000, 100],
    ["nobody", -1, 1_000],
  ])("wants events in time while %s reads, without a read", async (_who, forMs, everyMs) => {
    await whileRunning(async (id) => {
      const post = await runnerOf(id);
      await resetOperations();
      const item = { type: "text", content: "x" };
      // The runner has stored it already, so sending it again changes nothing.
      const events = [{ sequence: 1, at: Date.now(), item }];
      const reply = await post("events", { events, readerUntil: Date.now() + forMs });
      expect(reply).toMatchObject({ flushIntervalMs: everyMs, reads: 0 });
    });
  });
});

function fail(): never {
  throw new Error("there is no such execution");
}

async function gatewayKeys(): Promise<SigningKeys> {
  const path = cloud().environment.PADDOCK_GATEWAY_TOKENS_FILE ?? "";
  const { current, keys } = JSON.parse(await readFile(path, "utf8"));
  const pairs = Object.entries<string>(keys).map(([id, hex]) => [id, Buffer.from(hex, "hex")]);
  return { current, keys: Object.fromEntries(pairs) };
}
