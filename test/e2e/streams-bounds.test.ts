/**
 * Streams that close by themselves, and many or slow readers: memory is bounded, nothing is lost.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventsOf, send, withoutComments } from "../kit/client.ts";
import { type FunctionAside, startAside } from "../kit/function-aside.ts";
import {
  anotherKey,
  newEnvironment,
  newOwner,
  newThread,
  runScript,
  type TestOwner,
} from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;
let aside: FunctionAside | undefined;

beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key);
});

afterEach(async () => {
  await aside?.stop();
  aside = undefined;
});

async function threads(streams: object): Promise<FunctionAside> {
  aside = await startAside("threads", { streams });
  return aside;
}

/** Reads a stream to its end, resuming each time it closes. */
async function readResuming(path: string, baseUrl: string, begun = "") {
  const parts = begun === "" ? [] : [begun];
  for (let calls = 0; calls < 100; calls += 1) {
    const last = eventsOf(parts.join("")).at(-1);
    if (last?.type === "stream.completed") return parts;
    const headers = last ? { "last-event-id": last.eventId } : {};
    const { status, text } = await send(path, { key: owner.key, baseUrl, headers });
    expect(status).toBe(200);
    parts.push(text);
  }
  throw new Error("a stream without end");
}

describe("a stream that grows too large", () => {
  const bytesMax = 3_000;

  test.runIf(isTurn(1, 8))(
    "closes before the event that would take it over, and resumes there",
    async () => {
      const { baseUrl } = await threads({ bytesMax });
      const threadId = await newThread(owner.key, { environmentId });
      const path = `/v1/threads/${threadId}/messages`;
      const content =
        "for i in 1 2 3 4 5 6; do head -c 1500 /dev/zero | tr '\\0' $i; sleep 0.15; done";
      const { text: begun } = await send(path, { key: owner.key, baseUrl, body: { content } });
      const parts = await readResuming(`/v1/threads/${threadId}/events`, baseUrl, begun);
      // A starved supervisor may send several outputs in one event; then there are three parts.
      expect(parts.length).toBeGreaterThanOrEqual(3);
      for (const part of parts) {
        const isOne = eventsOf(part).length === 1;
        expect(isOne || Buffer.byteLength(part) <= bytesMax).toBe(true);
        expect(part).toMatch(/\n\n$/);
      }
      const whole = await send(`/v1/threads/${threadId}/events`, { key: owner.key });
      expect(parts.join("")).toBe(whole.text);
    },
  );
});

/** Puts executions behind the thread's own one, as if they had run since. */
async function plantLater(
  { threadId, runId }: { readonly threadId: string; readonly runId: string },
  count: number,
  changes: object,
): Promise<void> {
  const place = firestore().doc(`owners/${owner.id}/threads/${threadId}`);
  let newest = runId;
  for (let later = 1; later <= count; later += 1) {
    const createdAt = Date.now() + later * 1_000;
    const times = { createdAt, endedAt: createdAt, eventsLastSequence: 0 };
    const planted = await plantExecution(owner, runId, { status: "success", ...times, ...changes });
    newest = planted.executionId;
    const id = `msg_later${later}`;
    const said = { v: 1, id, role: "user", content: "x", executionId: newest, createdAt };
    await place.collection("messages").doc(id).set(said);
  }
  await place.update({ messageCount: 2 * count + 2, lastExecutionId: newest });
}

describe("TEN-2 a stream that goes on through later executions", () => {
  test.runIf(isTurn(3, 8))(
    "closes once it has read too much, and resumes without loss",
    async () => {
      const { baseUrl, proxy } = await threads({ readsMax: 12 });
      const threadId = await newThread(owner.key, { environmentId });
      const { run } = await runScript(owner.key, threadId, "echo one");
      await plantLater({ threadId, runId: run.id }, 9, {});
      const path = `/v1/threads/${threadId}/events`;
      const first = await send(`/v1/executions/${run.id}/events`, { key: owner.key });
      const [started] = eventsOf(first.text);
      const parts: string[] = [];
      const readsOfParts: number[] = [];
      for (let from = started?.eventId; from !== undefined; ) {
        proxy.reset();
        const { text } = await send(path, {
          ...{ key: owner.key, baseUrl, headers: { "last-event-id": String(from) } },
        });
        readsOfParts.push(proxy.counters().reads);
        parts.push(text);
        from = eventsOf(text).at(-1)?.eventId;
      }
      const headers = { "last-event-id": String(started?.eventId) };
      const whole = await send(path, { key: owner.key, headers });
      expect(parts.join("")).toBe(whole.text);
      expect(whole.text.split("stream.completed")).toHaveLength(1 + 10);
      expect(parts.length).toBeGreaterThan(4);
      // The last step may pass the allowance; the key, the thread and the start are read besides.
      expect(Math.max(...readsOfParts)).toBeLessThanOrEqual(12 + 12);
    },
  );
});

describe("a stream that lasts too long", () => {
  test.runIf(isTurn(5, 8))(
    "closes by itself while nothing happens, and resumes without loss",
    async () => {
      const { baseUrl } = await threads({ msMax: 700 });
      const threadId = await newThread(owner.key, { environmentId });
      const path = `/v1/threads/${threadId}/messages`;
      const content = "echo early; sleep 2.5; echo late";
      const { text: begun } = await send(path, { key: owner.key, baseUrl, body: { content } });
      expect(begun).not.toContain("stream.completed");
      const parts = await readResuming(`/v1/threads/${threadId}/events`, baseUrl, begun);
      const whole = await send(`/v1/threads/${threadId}/events`, { key: owner.key });
      expect(parts.join("")).toBe(whole.text);
    },
  );
});

/** A reader that takes nothing until the test says so. */
async function openUnread(baseUrl: string, path: string, headers = {}): Promise<Unread> {
  return await new Promise((resolve, reject) => {
    const sent = request(new URL(path, baseUrl), {
      headers: { authorization: `Bearer ${owner.key}`, ...headers },
      agent: false,
    });
    sent.once("response", (answer) => resolve({ sent, answer }));
    sent.once("error", reject);
    sent.end();
  });
}

interface Unread {
  readonly sent: ClientRequest;
  readonly answer: IncomingMessage;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  return withoutComments(text);
}

describe.runIf(isTurn(0, 8))("a reader that stops reading", () => {
  const readers = 30;
  const heldMibMax = 3 * readers;

  test("holds nothing up and costs next to no memory; what it missed is there", async () => {
    const { baseUrl, residentMib } = await threads({});
    const threadId = await newThread(owner.key, { environmentId });
    const content = "head -c 4500000 /dev/urandom | base64";
    const { run } = await runScript(owner.key, threadId, content);
    expect(run.status).toBe("success");
    const path = `/v1/threads/${threadId}/events`;
    const whole = (await send(path, { key: owner.key, baseUrl })).text;
    expect(whole.length).toBeGreaterThan(6_000_000);
    const before = await residentMib();
    const unread = await Promise.all(
      Array.from({ length: readers }, () => openUnread(baseUrl, path)),
    );
    // Others are served meanwhile; twice, so that unread data can pile up.
    expect((await send(path, { key: owner.key, baseUrl })).text).toBe(whole);
    expect((await send(path, { key: owner.key, baseUrl })).text).toBe(whole);
    // Buffering everything for each reader would take twice that. Uncollected garbage counts, too.
    expect((await residentMib()) - before).toBeLessThan(heldMibMax);
    const [first, ...others] = unread;
    for (const { sent } of others) sent.destroy();
    expect(first && (await textOf(first.answer))).toBe(whole);
  });
});

describe.runIf(isTurn(2, 8))("200 readers at once", () => {
  test("fit into 250 MiB, and each reads everything to the end", async () => {
    const { baseUrl, residentMib } = await threads({});
    const threadId = await newThread(owner.key, { environmentId });
    const path = `/v1/threads/${threadId}/events`;
    let readers: Promise<string[]> | undefined;
    let heldMib = 0;
    const openAll = async () => {
      const open = await Promise.all(Array.from({ length: 200 }, () => openUnread(baseUrl, path)));
      heldMib = await residentMib();
      return await Promise.all(open.map(({ answer }) => textOf(answer)));
    };
    const { answer } = await runScript(owner.key, threadId, "echo begun; sleep 4; echo over", {
      onText: (text) => {
        if (text.includes("begun")) readers ??= openAll();
      },
    });
    const texts = (await readers) ?? [];
    expect(texts).toHaveLength(200);
    for (const text of texts) expect(text).toBe(answer.text);
    heldMib = Math.max(heldMib, await residentMib());
    expect(heldMib).toBeGreaterThan(0);
    expect(heldMib).toBeLessThanOrEqual(250);
    console.info(`200 open streams: ${Math.round(heldMib)} MiB`);
  });
});

describe.runIf(isTurn(4, 8))("TEN-2 readers that leave large events", { timeout: 180_000 }, () => {
  test("hold up neither what another key reads nor, for long, what theirs does", async () => {
    const { baseUrl } = await threads({});
    const threadId = await newThread(owner.key, { environmentId });
    const { run } = await runScript(owner.key, threadId, "echo one");
    await plantLater({ threadId, runId: run.id }, 25, { output: "x".repeat(200_000) });
    const path = `/v1/threads/${threadId}/events`;
    const headers = { "last-event-id": `${run.id}.0` };
    const unread = await Promise.all(
      Array.from({ length: 4 }, () => openUnread(baseUrl, path, headers)),
    );
    const read = async (key: string, withinMs: number) => {
      const signal = AbortSignal.timeout(withinMs);
      return (await send(path, { key, baseUrl, headers, signal })).text;
    };
    const { key: otherKey } = await anotherKey(owner);
    expect((await read(otherKey, 10_000)).length).toBeGreaterThan(4_000_000);
    // Before it, two at a time are cut off.
    expect((await read(owner.key, 120_000)).length).toBeGreaterThan(4_000_000);
    for (const { sent } of unread) sent.destroy();
  });
});
