/** Streams that are cut, resumed and replayed: always the same bytes, for their owner only. */
import { FieldValue } from "@google-cloud/firestore";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, eventsOf, send } from "../kit/client.ts";
import { operationsOf, resetOperations, until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;
let threadId: string;
let executionId: string;
/** What the sender of the message received. */
let original: string;

/** Some events have a batch of their own, some share one. */
const script =
  "for i in 1 2; do echo line $i; sleep 0.2; done; head -c 150000 /dev/zero | tr '\\0' x";

beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key);
  threadId = await newThread(owner.key, { environmentId });
  const { answer, run } = await runScript(owner.key, threadId, script);
  executionId = run.id;
  original = answer.text;
});

const routes = () => [`/v1/threads/${threadId}/events`, `/v1/executions/${executionId}/events`];

async function read(path: string, lastEventId?: string | number, key = owner.key): Promise<Answer> {
  const headers = lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) };
  return await send(path, { key, headers });
}

/** The part of a stream after the event with that number. */
function after(stream: string, id: number): string {
  const blocks = stream.split("\n\n");
  const at = blocks.findIndex((block) => block.startsWith(`id: ${executionId}.${id}\n`));
  return blocks.slice(at + 1).join("\n\n");
}

/** Runs a script on a new thread; `onOutput` is called once, with the execution's id. */
async function follow(content: string, onOutput: (id: string, thread: string) => Promise<void>) {
  const ownThread = await newThread(owner.key, { environmentId });
  let called: Promise<void> | undefined;
  const { answer, run } = await runScript(owner.key, ownThread, content, {
    onText: (text) => {
      const id = /"run":\{"id":"(run_[\w-]{21})"/.exec(text)?.[1];
      if (id && text.includes('"type":"text"')) called ??= onOutput(id, ownThread);
    },
  });
  await called;
  return { text: answer.text, run };
}

describe("a stream that has ended", () => {
  test("is replayed byte for byte, by its thread and by itself", async () => {
    for (const path of routes()) {
      const { status, headers, text } = await read(path);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
      });
      expect(text).toBe(original);
    }
  });

  test("F11 goes on behind every event, without gap or repeat", async () => {
    const ids = eventsOf(original).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => index));
    for (const id of ids.slice(0, -1)) {
      const rest = after(original, id);
      const [byThread = "", byItself = ""] = routes();
      expect((await read(byItself, id)).text).toBe(rest);
      expect((await send(`${byThread}?after=${executionId}.${id}`, { key: owner.key })).text).toBe(
        rest,
      );
    }
  });

  test("answers 204 after its last event, which tells browsers not to reconnect", async () => {
    const { id, eventId } = eventsOf(original).at(-1) ?? {};
    for (const path of routes()) {
      for (const last of [id, eventId]) {
        expect(await read(path, last)).toMatchObject({ status: 204, text: "" });
      }
    }
  });

  test("needs no listener", async () => {
    await resetOperations();
    expect((await read(`/v1/executions/${executionId}/events`)).text).toBe(original);
    expect(await operationsOf("executions")).toMatchObject({ listenReads: 0, writes: 0 });
  });

  test("is found for a thread that was stored without its last execution", async () => {
    const thread = firestore().doc(`owners/${owner.id}/threads/${threadId}`);
    await thread.update({ lastExecutionId: FieldValue.delete() });
    expect((await read(`/v1/threads/${threadId}/events`)).text).toBe(original);
  });

  test("doesn't exist on a thread that has executed nothing", async () => {
    const empty = await newThread(owner.key, { environmentId });
    expect(await read(`/v1/threads/${empty}/events`)).toMatchObject({
      status: 404,
      json: { message: "This thread has executed nothing yet." },
    });
  });
});

describe("F11 another owner", () => {
  test("reads nothing of a stream, while it runs and afterwards", async () => {
    const stranger = await newOwner({ creditUsd: 0 });
    const refused = async (path: string) => {
      const answer = await read(path, undefined, stranger.key);
      expect(answer).toMatchObject({ status: 404, json: { code: "NOT_FOUND" } });
    };
    await follow("echo private; sleep 0.3", async (id, thread) => {
      await refused(`/v1/executions/${id}/events`);
      await refused(`/v1/threads/${thread}/events`);
    });
    for (const path of [...routes(), `/v1/executions/${executionId}`]) await refused(path);
  });
});

describe("the place to resume from", () => {
  test.each(["01", "1.5", "run_x.1"])("%j is refused", async (id) => {
    const refused = { status: 400, json: { code: "VALIDATION_FAILED" } };
    for (const path of routes()) {
      expect(await read(path, id)).toMatchObject(refused);
      const query = `${path}?after=${encodeURIComponent(id)}`;
      expect(await send(query, { key: owner.key })).toMatchObject(refused);
    }
  });

  test("is the header's, where a browser repeats the query it began with", async () => {
    const path = `/v1/executions/${executionId}/events?after=0`;
    expect((await read(path, 2)).text).toBe(after(original, 2));
  });
});

describe("a stream that is still going on", () => {
  test("is the same for every reader, whenever it joins", async () => {
    const joined: Promise<Answer>[] = [];
    const { text } = await follow("echo one; sleep 0.5; echo two", async (id, thread) => {
      joined.push(read(`/v1/executions/${id}/events`), read(`/v1/threads/${thread}/events`));
    });
    expect(joined).toHaveLength(2);
    for (const answer of await Promise.all(joined)) expect(answer.text).toBe(text);
  });

  test("F11 loses nothing when it is cut again and again", async () => {
    let path = "";
    let put = "";
    const { text } = await follow("for i in 1 2 3 4; do echo $i; sleep 0.3; done", async (id) => {
      path = `/v1/executions/${id}/events`;
      // Two events each time, then the connection breaks.
      for (let cuts = 0; cuts < 2; cuts += 1) put += await readTwo(path, lastIdOf(put));
    });
    put += (await read(path, lastIdOf(put))).text;
    expect(put).toBe(text);
  });

  test("of a runner that was given up ends once, and nothing it says later is heard", async () => {
    const { text, run } = await follow("echo heard; sleep 0.3; echo too; sleep 60", async (id) => {
      const log = firestore().collection(`owners/${owner.id}/executions/${id}/events`);
      const stored = async () => JSON.stringify((await log.get()).docs.map((doc) => doc.data()));
      await until("both lines", async () => (await stored()).includes("too"));
      // Ends its lease early.
      const execution = firestore().doc(`owners/${owner.id}/executions/${id}`);
      await execution.update({ sweepAt: Date.now() - 1 });
      expect((await send(`/v1/executions/${id}`, { key: owner.key })).json).toMatchObject({
        execution: { status: "failed", reason: "lost" },
      });
    });
    expect(run.reason).toBe("lost");
    const ids = eventsOf(text).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => index));
    const events = firestore().collection(`owners/${owner.id}/executions/${run.id}/events`);
    const last = eventsOf(text).filter(({ type }) => type.startsWith("response.item.")).length;
    const item = { type: "text", content: "unheard" };
    await events.doc("late").set({
      v: 1,
      firstSequence: last + 2,
      lastSequence: last + 2,
      events: [{ sequence: last + 2, at: Date.now(), item }],
      expireAt: new Date(Date.now() + 3_600_000),
    });
    expect((await read(`/v1/executions/${run.id}/events`)).text).toBe(text);
  });
});

describe("an execution", () => {
  test("tells its state, its money and its time", async () => {
    const { execution } = (await send(`/v1/executions/${executionId}`, { key: owner.key })).json;
    expect(execution).toMatchObject({
      id: executionId,
      threadId,
      environmentId,
      keyId: owner.keyId,
      status: "success",
      reason: "completed",
      exitCode: 0,
      computeProfile: "lite",
      completedAt: expect.any(String),
    });
    expect(execution.cost).toBeGreaterThan(0);
    expect(execution.cost + execution.released).toBeCloseTo(execution.held, 6);
    const ranMs = Date.parse(execution.completedAt) - Date.parse(execution.startedAt);
    expect(execution.durationMs).toBe(ranMs);
  });
});

function lastIdOf(text: string): number | undefined {
  return eventsOf(text).at(-1)?.id;
}

/** Reads two whole events of a stream, and then disconnects. */
async function readTwo(path: string, lastEventId: number | undefined): Promise<string> {
  const enough = new AbortController();
  let two = "";
  await send(path, {
    key: owner.key,
    headers: lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) },
    signal: enough.signal,
    onText: (text) => {
      const blocks = text.split("\n\n");
      if (blocks.length < 3 || two !== "") return;
      two = `${blocks.slice(0, 2).join("\n\n")}\n\n`;
      enough.abort();
    },
  }).catch(() => null);
  return await until("two events", async () => two);
}
