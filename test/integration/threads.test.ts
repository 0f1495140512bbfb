/** Threads: lists and their pages, changes, and messages that are executed at once. */
import { nanoid } from "nanoid";
import { expect, test } from "vitest";
import { idOf } from "#shared/core/ids";
import { eventsOf, send } from "../kit/client.ts";
import { allDocuments } from "../kit/dump.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { auditOf, firestore } from "../kit/store.ts";

test("a thread that is created with messages executes the last of them, and is repeated safely", async () => {
  const { id: ownerId, key } = await newOwner();
  const environmentId = await newEnvironment(key);
  const messages = [
    { role: "user", content: "what now?" },
    { role: "assistant", content: "say a word" },
    { role: "user", content: "echo said > a.txt && cat a.txt" },
  ];
  const request = {
    key,
    body: { environmentId, messages, title: "first" },
    headers: { "idempotency-key": "create-and-run" },
  };
  const made = await send("/v1/threads", request);
  const events = eventsOf(made.text);
  expect(events[0]).toMatchObject({
    type: "thread.created",
    thread: { status: "running", environmentId, title: "first", messageCount: 3 },
  });
  expect(events.at(-1)).toMatchObject({ type: "stream.completed", run: { status: "success" } });
  const { id } = events[0].thread;
  const listed = (await send(`/v1/threads/${id}/messages`, { key })).json;
  const said = listed.data.map(({ content }: { content: string }) => content.trim());
  expect(said).toEqual([...messages.map(({ content }) => content), "said"]);
  const again = await send("/v1/threads", request);
  expect(eventsOf(again.text).map(({ type }) => type)).toEqual(events.map(({ type }) => type));
  expect(eventsOf(again.text)[0].thread.id).toBe(id);
  const other = { ...request, body: { ...request.body, title: "other" } };
  expect(await send("/v1/threads", other)).toMatchObject({
    status: 409,
    json: { code: "IDEMPOTENCY_CONFLICT" },
  });
  const rows = (await auditOf(ownerId)).map(({ action }) => action);
  expect(
    rows.filter((action) => /^(?:thread.created|execution.started)$/.test(action)),
  ).toHaveLength(2);
});

test("without a stream, a message is answered at its end and a created thread at once", async () => {
  const { key } = await newOwner();
  const environmentId = await newEnvironment(key);
  const body = { environmentId, content: "echo one", stream: false };
  const made = await send("/v1/threads", { key, body });
  expect(made).toMatchObject({ status: 201, json: { thread: { status: "running" } } });
  const { id } = made.json.thread;
  await runsNothing(key, id);
  const path = `/v1/threads/${id}/messages`;
  const answer = await send(path, { key, body: { content: "echo two; exit 3", stream: false } });
  expect(answer).toMatchObject({
    status: 200,
    json: { threadId: id, error: "command_failed", run: { status: "failed", exitCode: 3 } },
  });
  expect(answer.json.content).toContain("two");
});

async function runsNothing(key: string, threadId: string): Promise<void> {
  const read = async () => (await send(`/v1/threads/${threadId}/status`, { key })).json.status;
  await expect.poll(read, { timeout: 30_000 }).toBe("completed");
}

test("a key without the scope execute creates empty threads alone", async () => {
  const { key } = await newOwner();
  const environmentId = await newEnvironment(key);
  const limited = { name: "writer", scopes: ["threads:write"] };
  const writer = (await send("/v1/keys", { key, body: limited })).json.key;
  await newThread(writer, { environmentId });
  const body = { environmentId, content: "true" };
  expect(await send("/v1/threads", { key: writer, body })).toMatchObject({
    status: 403,
    json: { details: { requiredScope: "execute" } },
  });
});

test("threads are listed by each filter and archived until the next message", async () => {
  const { key } = await newOwner();
  const [one, two] = [await newEnvironment(key), await newEnvironment(key)];
  const agentId = (await send("/v1/agents", { key, body: { name: "a", model: "shell" } })).json
    .agent.id;
  const first = await newThread(key, { environmentId: one, appId: "app" });
  const second = await newThread(key, { environmentId: one, projectId: "mine" });
  const third = await newThread(key, { environmentId: two });
  const list = async (query: string) => {
    const { data } = (await send(`/v1/threads?${query}`, { key })).json;
    return data.map(({ id }: { id: string }) => id);
  };
  const fields = { agentId, status: "archived", title: "put away", projectId: null };
  const changed = await send(`/v1/threads/${second}`, { key, method: "PATCH", body: fields });
  expect(changed.json.thread).toMatchObject({ agentId, agentName: "a", title: "put away" });
  const wrong = { key, method: "PATCH", body: { agentId: "" } };
  expect((await send(`/v1/threads/${second}`, wrong)).json.code).toBe("NOT_FOUND");
  expect(changed.json.thread.status).toBe("archived");
  expect(await list("")).toEqual([third, second, first]);
  expect(await list(`environmentId=${one}`)).toEqual([second, first]);
  expect(await list("status=archived")).toEqual([second]);
  expect(await list(`agentId=${agentId}`)).toEqual([second]);
  expect(await list("appId=app&status=active")).toEqual([first]);
  expect(await list("projectId=none&limit=1&offset=1")).toEqual([second]);
  expect(await list("createdAfter=2100-01-01")).toEqual([]);
  const page = (await send("/v1/threads?limit=2", { key })).json;
  expect(page).toMatchObject({ has_more: true, total_count: 3 });
  await newThread(key, { environmentId: two });
  expect(await list(`limit=2&cursor=${page.next_cursor}`)).toEqual([first]);
  const { run } = await runScript(key, second, "true");
  expect(run.status).toBe("success");
  expect(await list("status=completed")).toEqual([second]);
});

test("a message that replaces one whose runner fell silent leaves no answer to that", async () => {
  const owner = await newOwner();
  const { id: ownerId, key } = owner;
  const threadId = await newThread(key, { environmentId: await newEnvironment(key) });
  const { run } = await runScript(key, threadId, "echo kept");
  const place = firestore().doc(`owners/${ownerId}/threads/${threadId}`);
  const [asked] = (await place.collection("messages").where("role", "==", "user").get()).docs;
  const messageId = idOf("message", nanoid());
  const running = { status: "running", messageId } as const;
  const { executionId } = await plantExecution(owner, run.id, running);
  const silent = { ...asked?.data(), id: messageId, executionId, createdAt: Date.now() };
  await place.collection("messages").doc(messageId).create(silent);
  await place.update({ executionId, messageCount: 3 });
  // The request ends it, or a sweep that comes first.
  const execution = firestore().doc(`owners/${ownerId}/executions/${executionId}`);
  await execution.update({ leaseExpiresAt: 1, sweepAt: 1 });
  const body = { editMessageId: messageId };
  await runScript(key, threadId, "echo right", { body });
  const { data, total_count: total } = (await send(`/v1/threads/${threadId}/messages`, { key }))
    .json;
  const said = data.map(({ content }: { content: string }) => content.trim());
  expect(said).toEqual(["echo kept", "kept", "echo right", "right"]);
  const { thread } = (await send(`/v1/threads/${threadId}`, { key })).json;
  expect([total, thread.messageCount]).toEqual([4, 4]);
});

test("a message that replaces another deletes it and what followed, and may leave the files as they are", async () => {
  const { id: ownerId, key } = await newOwner();
  const threadId = await newThread(key, { environmentId: await newEnvironment(key) });
  await runScript(key, threadId, "echo kept");
  await runScript(key, threadId, "echo zorilla");
  const path = `/v1/threads/${threadId}`;
  const before = (await send(`${path}/messages`, { key })).json.data;
  const body = { editMessageId: before[2].id, persistFileChanges: false };
  const { run } = await runScript(key, threadId, "echo right > a.txt; cat a.txt", { body });
  expect(run).toMatchObject({ status: "success", workspace: "not_saved" });
  const { data, total_count: total } = (await send(`${path}/messages`, { key })).json;
  const said = data.map(({ content }: { content: string }) => content.trim());
  expect(said).toEqual(["echo kept", "kept", "echo right > a.txt; cat a.txt", "right"]);
  expect([total, (await send(path, { key })).json.thread.messageCount]).toEqual([4, 4]);
  const stored = (await allDocuments(ownerId)).split("\n");
  const withWord = stored.filter((_, index) => stored[index + 1]?.includes("zorilla"));
  // The events, which no stream shows any more, are erased by the order that was committed.
  expect(withWord.filter((path) => !path.includes("/events/"))).toEqual([]);
  const { environmentId } = (await send(path, { key })).json.thread;
  expect((await send(`/v1/environments/${environmentId}/files`, { key })).json.data).toEqual([]);
});
