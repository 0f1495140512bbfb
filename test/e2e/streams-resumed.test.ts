/** Streams of a thread that has executed several times: no event is silently skipped. */
import { beforeAll, expect, test } from "vitest";
import { eventsOf, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { firestore } from "../kit/store.ts";

const ids: string[] = [];
let path: string;
let owner: TestOwner;
/** An execution of another thread of the same owner. */
let executionId: string;

/** They run one after another, and the last one is still running. */
beforeAll(async () => {
  owner = await newOwner();
  const environmentId = await newEnvironment(owner.key);
  const other = await newThread(owner.key, { environmentId });
  executionId = (await runScript(owner.key, other, "true")).run.id;
  const thread = await newThread(owner.key, { environmentId });
  path = `/v1/threads/${thread}/events`;
  const place = firestore().doc(`owners/${owner.id}/threads/${thread}`);
  const began = Date.now() - 60_000;
  for (const [index, status] of (["success", "failed", "running"] as const).entries()) {
    const createdAt = began + 10_000 * index;
    const times = { createdAt, endedAt: status === "running" ? null : createdAt + 5_000 };
    const state = { status, reason: status === "failed" ? ("lost" as const) : null };
    const quiet = { eventsLastSequence: 0, readerUntil: Date.now() + 3_600_000 };
    const fields = { threadId: thread, ...state, ...times, ...quiet };
    const planted = await plantExecution(owner, executionId, fields);
    ids.push(planted.executionId);
    const said = { v: 1, content: "x", executionId: planted.executionId };
    const messages = [
      { ...said, id: `msg_user${index}`, role: "user", createdAt },
      { ...said, id: `msg_assistant${index}`, role: "assistant", createdAt: createdAt + 5_000 },
    ].slice(0, status === "running" ? 1 : 2);
    for (const message of messages) {
      await place.collection("messages").doc(message.id).set(message);
    }
  }
  await place.update({ messageCount: 5, executionId: ids[2], lastExecutionId: ids[2] });
  const item = { type: "text", content: "goes on" };
  const log = firestore().collection(`owners/${owner.id}/executions/${ids[2]}/events`);
  await log.doc("000000000001").set({
    ...{ v: 1, firstSequence: 1, lastSequence: 1, expireAt: new Date(began + 86_400_000) },
    events: [{ sequence: 1, at: Date.now(), item }],
  });
});

/** What a reader receives until the running execution's item arrives. */
async function readOn(lastEventId?: string): Promise<readonly string[]> {
  const enough = new AbortController();
  let got = "";
  await send(path, {
    key: owner.key,
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
    signal: enough.signal,
    onText: (text) => {
      got = text;
      if (text.includes("goes on") && text.endsWith("\n\n")) enough.abort();
    },
  }).catch(() => null);
  return eventsOf(got).map(({ eventId }) => eventId);
}

/** Fails at the first event of a stream, which would not end. */
async function refusalOf(stream: string, lastEventId: string) {
  const wrong = new AbortController();
  const onText = (text: string) => {
    if (text.startsWith("id: ")) wrong.abort(new Error(`${lastEventId} was taken`));
  };
  const headers = { "last-event-id": lastEventId };
  return await send(stream, { key: owner.key, headers, signal: wrong.signal, onText });
}

const numbers = (index: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, each) => `${ids[index]}.${from + each}`);

test("an earlier execution's event is followed by everything since", async () => {
  const running = numbers(2, 0, 1);
  // A failed execution has one more event: why it failed.
  const failed = numbers(1, 0, 3);
  expect(await readOn(`${ids[0]}.0`)).toEqual([...numbers(0, 1, 2), ...failed, ...running]);
  expect(await readOn(`${ids[0]}.2`)).toEqual([...failed, ...running]);
  expect(await readOn(`${ids[1]}.1`)).toEqual([...numbers(1, 2, 3), ...running]);
  expect(await readOn(`${ids[2]}.0`)).toEqual(numbers(2, 1, 1));
  expect(await readOn()).toEqual(running);
});

test("what names no event of the thread is refused, and says why", async () => {
  const refusals = [
    ["0", /which of the thread's executions/],
    [`${executionId}.1`, /no execution of this thread/],
    [`run_${"x".repeat(21)}.1`, /no execution of this thread/],
    [`${ids[0]}.3`, /hasn't had/],
    [`${ids[2]}.2`, /hasn't had/],
  ] as const;
  for (const [id, message] of refusals) {
    const answer = await refusalOf(path, id);
    expect([id, answer.status, answer.json.code]).toEqual([id, 400, "VALIDATION_FAILED"]);
    expect(answer.json.message).toMatch(message);
  }
  const byItself = await refusalOf(`/v1/executions/${ids[0]}/events`, `${ids[1]}.0`);
  expect(byItself.json.message).toMatch(/another execution/);
});
