import { expect, test } from "vitest";
import { dayMs } from "#shared/core/retention/periods";
import { newThread } from "#shared/executions/new-thread";
import { newOwner } from "#shared/owners/act-on-owner";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { sampleLog } from "../../test/kit/sample-log.ts";
import { getDiffs } from "./get-diffs.ts";
import { getLogs } from "./get-logs.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const params = { threadId: "thread_1" };
const now = Date.UTC(2026, 10, 30);
const change = { type: "file_change", path: "said.txt", changeKind: "created" } as const;
const items = [
  { type: "text", content: "what was answered" },
  { ...change, additions: 1, deletions: 0 },
] as const;

/** A thread with the question of one execution, whose events are still stored. */
function storeWith(fields: Parameters<typeof sampleExecution>[0]) {
  const named = { agentId: null, projectId: null, appId: null, title: null, metadataJson: "{}" };
  const thread = newThread({ ...named, id: "thread_1", environmentId: "env_1" }, now);
  const execution = sampleExecution({ status: "success", workspaceState: "saved", ...fields });
  const message = { v: 1, id: "msg_1", role: "user", content: "asked", executionId: "run_1" };
  const events = items.map((item, index) => ({ sequence: index + 1, at: now, item }));
  const batch = { v: 1, firstSequence: 1, lastSequence: 2, events, expireAt: new Date(now + 1) };
  let asked = 0;
  const store = {
    require: async ({ path }: { path: string }) => {
      return { value: path.includes("/threads/") ? thread : execution };
    },
    walk: async () => ({ found: [{ value: { ...message, createdAt: now } }], isEnd: true }),
    getParts: async (_schema: unknown, refs: readonly { path: string }[]) =>
      refs.map(({ path }) => (path.includes("/executions/") ? execution : null)),
    findParts: async () => [execution],
    findFitting: async () => {
      asked += 1;
      return asked === 1 ? [{ value: batch }] : [];
    },
  };
  return { store };
}

async function shown(fields: Parameters<typeof storeWith>[0]): Promise<string> {
  const context = () => ({ caller: { owner }, params, query: {}, now, deps: storeWith(fields) });
  if (getLogs.read === "nothing" || getDiffs.read === "nothing") return expect.fail();
  const read = [getLogs.read(context() as never), getDiffs.read(context() as never)];
  return JSON.stringify(await Promise.all(read));
}

test("events are in a thread's logs and lists of changes", async () => {
  const text = await shown({ endedAt: now, eventsLastSequence: 2 });
  expect(text).toContain("what was answered");
  expect(text).toContain("said.txt");
});

test("DAT-3 events of a deleted message are shown no more, though they aren't erased yet", async () => {
  const text = await shown({ endedAt: now, eventsLastSequence: 0 });
  expect(text).not.toContain("what was answered");
  expect(text).not.toContain("said.txt");
});

test("a log that is kept no longer is said to be missing, and what came before is shown", async () => {
  const logsOf = async (endedAt: number) => {
    const deps = storeWith({ endedAt, eventsLastSequence: 2 });
    if (getLogs.read === "nothing") return expect.fail();
    return await getLogs.read({ caller: { owner }, params, query: {}, now, deps } as never);
  };
  const question = { content: "asked" };
  expect(await logsOf(now - 31 * dayMs)).toMatchObject({ logs: [question], truncated: true });
  expect(await logsOf(now)).toMatchObject({ logs: [question, {}, {}], truncated: false });
});

test("no more of a long log is read than is shown, and the newest of it", async () => {
  const texts = Array.from({ length: 5_000 }, (_, index) => `text ${index}`);
  const log = sampleLog(texts, now);
  const { store } = storeWith({ endedAt: now, eventsLastSequence: 5_000 });
  const deps = { store: { ...store, findFitting: log.findFitting } };
  const context = { caller: { owner }, params, query: {}, now, deps };
  if (getLogs.read === "nothing") return expect.fail();
  const newest = texts.slice(-1_000).map((content) => ({ content }));
  const read = getLogs.read(context as never);
  expect(await read).toMatchObject({ logs: newest, truncated: true });
  expect(log.readCount).toBeLessThan(1_010);
});
