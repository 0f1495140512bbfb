/** What a thread leaves behind: steps, logs, changes of files, copies, and words that are found. */
import { beforeAll, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let threadId: string;
let runId: string;

beforeAll(async () => {
  owner = await newOwner();
  const { key } = owner;
  threadId = await newThread(key, { environmentId: await newEnvironment(key), title: "Zebra" });
  const { run } = await runScript(key, threadId, "echo Größe > a.txt; cat a.txt; echo quagga one");
  expect(run.status).toBe("success");
  runId = run.id;
});

const read = async (path: string) =>
  (await send(`/v1/threads/${threadId}${path}`, { key: owner.key })).json;
const search = async (query: string, more: object = {}, key = owner.key) => {
  const body = { query, includeMessages: true, ...more };
  return (await send("/v1/threads/search", { key, body })).json;
};

test("steps page over messages and events, and say what changed by line counts", async () => {
  const { data, total_count: total } = await read("/steps");
  const kinds = data.map(({ stepKind }: { stepKind: string }) => stepKind);
  // What is printed may be told before or after its command's end.
  const [asked, begun, ...rest] = kinds;
  expect([asked, begun, rest.at(-1)]).toEqual([
    ...["user_message", "command_execution", "turn_completed"],
  ]);
  const told = ["command_execution", "file_change", "assistant_message"];
  expect(new Set(rest.slice(0, -1))).toEqual(new Set(told));
  expect(total).toBe(kinds.length);
  const changeStep = data.find(({ stepKind }: { stepKind: string }) => stepKind === "file_change");
  const page = await read("/steps?limit=2&offset=2");
  expect(page).toMatchObject({ data: data.slice(2, 4), has_more: true });
  const change = { path: "a.txt", additions: 1, deletions: 0, diffStored: false };
  expect((await read("/diffs")).diffs).toEqual([{ ...change, status: "added", diff: "" }]);
  expect((await read(`/diffs?executionId=${runId}`)).diffs).toHaveLength(1);
  const changed = { changedPaths: ["a.txt"], additions: 1 };
  expect(await read(`/steps/${changeStep.id}/diff?path=a.txt`)).toMatchObject(changed);
  expect(await read(`/steps/${data.at(-1).id}/diff`)).toMatchObject(changed);
  expect(await read(`/steps/${data[0].id}/diff`)).toMatchObject({ changedPaths: [] });
  const history = (await read("/files/history?path=a.txt")).data;
  expect(history).toMatchObject([{ stepId: changeStep.id, changeKind: "created" }]);
  expect((await read(`/steps/${data[0].id}/files`)).code).toBe("NOT_OFFERED");
});

test("logs have every entry in both published shapes, oldest first", async () => {
  const { logs, truncated, totalCost } = await read("/logs");
  expect(truncated).toBe(false);
  expect(totalCost).toBeGreaterThan(0);
  expect(logs[0]).toMatchObject({ role: "user", isUserMessage: true });
  expect(logs.at(-1)).toMatchObject({ role: "assistant", isLLMResponse: true });
  for (const { content, message } of logs) expect(message).toBe(content);
  expect((await read("/executions")).data).toMatchObject([{ id: runId, status: "success" }]);
  expect(await read("/research")).toMatchObject({ sessions: [], data: [] });
});

test("TEN-2 what copies write is counted for the day, and refused beyond it", async () => {
  const { key } = owner;
  const usage = firestore().doc(`owners/${owner.id}/usage/threadCopies`);
  const copy = async () => await send(`/v1/threads/${threadId}/copy`, { key, method: "POST" });
  const made = await copy();
  expect(made.json.messagesCopied).toBe(2);
  const counted = (await usage.get()).get("messages");
  expect(counted).toBeGreaterThanOrEqual(2);
  const limit = 15_000;
  await usage.update({ messages: limit - 1 });
  const refused = await copy();
  expect([refused.status, refused.json.code]).toEqual([429, "RATE_LIMITED"]);
  expect(refused.json.details).toEqual({ of: "copied messages", limit });
  // Nothing of it was made or counted.
  expect((await usage.get()).get("messages")).toBe(limit - 1);
  await usage.update({ messages: 0 });
  await send(`/v1/threads/${made.json.thread.id}`, { key, method: "DELETE" });
});

test("a copy has the messages and a life of its own; a fork ends before a message or after a step", async () => {
  const { key } = owner;
  const path = `/v1/threads/${threadId}`;
  const request = { key, method: "POST", headers: { "idempotency-key": "copy-once" } };
  const { json: made, status } = await send(`${path}/copy`, request);
  expect(status).toBe(200);
  expect(made).toMatchObject({ messagesCopied: 2, thread: { title: "Zebra Copy" } });
  expect((await send(`${path}/copy`, request)).json.thread.id).toBe(made.thread.id);
  const said = async (id: string) => {
    const { data } = (await send(`/v1/threads/${id}/messages`, { key })).json;
    return data.map(({ content }: { content: string }) => content);
  };
  expect(await said(made.thread.id)).toEqual(await said(threadId));
  const found = (await search("quagga")).results.map(
    (one: { thread: { id: string } }) => one.thread.id,
  );
  expect(found.toSorted()).toEqual([threadId, made.thread.id].toSorted());
  await send(`/v1/threads/${made.thread.id}`, { key, method: "DELETE" });
  expect(await said(threadId)).toHaveLength(2);
  const [first] = (await read("/steps?limit=1")).data;
  const fork = await send(`${path}/steps/${first.id}/fork`, { key, body: { title: "forked" } });
  expect(fork).toMatchObject({ status: 201, json: { messagesCopied: 1, forkMode: "latest" } });
  const historical = { key, body: { mode: "historical" } };
  expect((await send(`${path}/steps/${first.id}/fork`, historical)).status).toBe(400);
  const before = { key, body: { truncateAtMessageIndex: 0 } };
  const empty = await send(`${path}/fork-from-message`, before);
  expect(empty.json.messagesCopied).toBe(0);
  const answer = { key, body: { truncateAtMessageIndex: 1 } };
  expect((await send(`${path}/fork-from-message`, answer)).status).toBe(400);
  for (const { id } of [fork.json.thread, empty.json.thread])
    await send(`/v1/threads/${id}`, { key, method: "DELETE" });
});

test("a thread is found by its title and messages, by nobody else, and no longer once they are deleted", async () => {
  const { key } = owner;
  const all = await search('"quagga one" grosse');
  expect(all).toMatchObject({ total: 1, hasMore: false, searchMetadata: { complete: true } });
  expect(all.results[0]).toMatchObject({
    thread: { id: threadId, environmentName: "test" },
    matchingMessages: [{ role: "assistant" }, { role: "user" }].slice(
      0,
      all.results[0].matchingMessages.length,
    ),
  });
  expect(all.results[0].highlights.join()).toContain("**quagga** **one**");
  expect((await search("zebra", { status: "running" })).total).toBe(0);
  expect((await search("zebra", { status: "completed" })).results[0].highlights).toEqual([
    "**Zebra**",
  ]);
  expect((await search("quagga", {}, (await newOwner()).key)).total).toBe(0);
  const other = await newEnvironment(key);
  const bounds = { name: "bounded", scopes: ["threads:read"], environmentIds: [other] };
  const bounded = (await send("/v1/keys", { key, body: bounds })).json.key;
  expect((await search("quagga", {}, bounded)).total).toBe(0);
  await send(`/v1/threads/${threadId}`, { key, method: "PATCH", body: { title: "Okapi" } });
  expect([(await search("zebra")).total, (await search("okapi")).total]).toEqual([0, 1]);
  const { data } = await read("/messages");
  for (const { id } of data) {
    await send(`/v1/threads/${threadId}/messages/${id}`, { key, method: "DELETE" });
  }
  expect((await search("quagga")).total).toBe(0);
  await send(`/v1/threads/${threadId}`, { key, method: "DELETE" });
  expect((await search("okapi")).total).toBe(0);
  const entries = firestore()
    .collection(`owners/${owner.id}/searchEntries`)
    .where("threadId", "==", threadId);
  await expect.poll(async () => (await entries.get()).size, { timeout: 20_000 }).toBe(0);
});

test("a title is made from a message, once unless it is forced", async () => {
  const { key } = owner;
  const id = await newThread(key, {});
  const ask = async (body: object) =>
    (await send(`/v1/threads/${id}/generate-title`, { key, body })).json;
  const made = { generated: true, title: "Count the gnus" };
  expect(await ask({ message: "# Count the gnus. Then sleep." })).toMatchObject(made);
  expect(await ask({ message: "other" })).toMatchObject({ skipped: true, reason: "has_title" });
  expect((await ask({ message: "other", force: true })).thread.title).toBe("other");
  expect(await ask({ message: "…", force: true })).toMatchObject({ reason: "no_words" });
  expect((await send(`/v1/threads/${id}/resume`, { key, method: "POST" })).json.thread.id).toBe(id);
});
