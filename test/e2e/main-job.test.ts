import { beforeAll, describe, expect, test } from "vitest";
import { eventsOf, multipart, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { auditOf } from "../kit/store.ts";

const secret = "correct-horse-battery-staple";

describe("a message that is executed", () => {
  let owner: TestOwner;
  let environmentId: string;

  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 5 });
    const secrets = [{ key: "API_TOKEN", value: secret }];
    environmentId = await newEnvironment(owner.key, { secrets });
  });

  test("streams its output while it runs, and ends with result and bill", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const seenBeforeEnd: string[] = [];
    const script = "echo first; sleep 1; echo second";
    const { answer, events, run, content } = await runScript(owner.key, threadId, script, {
      onText: (text) => {
        const [first, second] = ["first", "second"].map((word) =>
          text.includes(`"content":"${word}`),
        );
        if (first && !second) seenBeforeEnd.push(text);
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    expect(events.map(({ type }) => type)).toEqual([
      "response.started",
      "response.item.started",
      ...events.slice(2, -2).map(() => "response.item.completed"),
      "response.completed",
      "stream.completed",
    ]);
    expect(seenBeforeEnd.length).toBeGreaterThan(0);
    expect(content).toBe("first\nsecond\n");
    expect(run).toMatchObject({ status: "success", exitCode: 0, tokens: { input: 0, output: 0 } });
    expect(run.cost).toBeGreaterThan(0);
    expect(run.cost + run.released).toBeCloseTo(run.held, 6);
  });

  test("events are numbered, each on one data line", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { answer, events } = await runScript(owner.key, threadId, "echo one; echo two");
    const ids = events.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
    for (const line of answer.text.split("\n")) expect(line).toMatch(/^(id: |data: |: |$)/);
  });

  test("keeps its conversation, its files and its money", async () => {
    const before = (await send("/v1/budget", { key: owner.key })).json;
    const threadId = await newThread(owner.key, { environmentId });
    await runScript(owner.key, threadId, "echo kept > kept.txt");
    const second = await runScript(owner.key, threadId, "cat kept.txt");
    expect(second.content).toBe("kept\n");
    const thread = (await send(`/v1/threads/${threadId}`, { key: owner.key })).json.thread;
    expect(thread).toMatchObject({ status: "completed", messageCount: 4, environmentId });
    expect(thread.messages.map(({ role }: { role: string }) => role)).toEqual([
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
    const after = (await send("/v1/budget", { key: owner.key })).json;
    expect(after).toMatchObject({ held: 0, runningExecutions: 0 });
    expect(after.balance).toBeCloseTo(before.balance - thread.totalCost, 6);
    const records = (await send("/v1/billing/records?type=execution", { key: owner.key })).json;
    const spent = records.data
      .filter((record: { threadId: string }) => record.threadId === threadId)
      .reduce((sum: number, record: { amount: number }) => sum + record.amount, 0);
    expect(spent).toBeCloseTo(thread.totalCost, 6);
  });

  test("reads an uploaded file, and its results can be downloaded", async () => {
    const upload = multipart({ name: "numbers.txt", bytes: "3\n4\n", path: "data" });
    const path = `/v1/environments/${environmentId}/files`;
    const uploaded = await send(`${path}/upload`, { key: owner.key, method: "POST", ...upload });
    expect(uploaded.json).toMatchObject({ success: true, path: "data/numbers.txt", size: 4 });
    const threadId = await newThread(owner.key, { environmentId });
    const script = "awk '{ sum += $1 } END { print sum }' data/numbers.txt > sum.txt; cat sum.txt";
    const { content } = await runScript(owner.key, threadId, script);
    expect(content).toBe("7\n");
    const listed = (await send(path, { key: owner.key })).json;
    expect(listed.data.map((entry: { path: string }) => entry.path)).toContain("sum.txt");
    expect((await send(`${path}/sum.txt`, { key: owner.key })).text).toBe("7\n");
    expect((await send(`${path}/download/data%2Fnumbers.txt`, { key: owner.key })).text).toBe(
      "3\n4\n",
    );
  });

  test("has its secret, and nobody sees it", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const script = 'test -n "$API_TOKEN" && echo "token: $API_TOKEN"; echo "$API_TOKEN" | base64';
    const { answer, content, run } = await runScript(owner.key, threadId, script);
    expect(run.status).toBe("success");
    expect(content).toContain("token: [redacted:API_TOKEN]");
    const everything =
      answer.text + (await send(`/v1/threads/${threadId}`, { key: owner.key })).text;
    for (const form of [secret, Buffer.from(`${secret}\n`).toString("base64")]) {
      expect(everything).not.toContain(form);
    }
  });

  test("a command that fails says so, and is charged for what it used", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const { events, run, content } = await runScript(owner.key, threadId, "echo oops >&2; exit 3");
    expect(run).toMatchObject({ status: "failed", exitCode: 3, reason: "command_failed" });
    expect(content).toBe("oops\n");
    expect(events.map(({ type }) => type)).toContain("stream.error");
    const status = (await send(`/v1/threads/${threadId}/status`, { key: owner.key })).json;
    expect(status.status).toBe("failed");
  });

  test("the same Idempotency-Key returns the same execution; another body is a conflict", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const headers = { "idempotency-key": `once-${threadId}` };
    const script = "echo x >> count.txt; wc -l < count.txt";
    const first = await runScript(owner.key, threadId, script, { headers });
    const again = await runScript(owner.key, threadId, script, { headers });
    expect(again.run.id).toBe(first.run.id);
    expect(again.events).toEqual(first.events);
    const other = await runScript(owner.key, threadId, "echo y", { headers });
    expect(other.answer.json).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    expect(other.answer.status).toBe(409);
  });

  test("a thread takes one message at a time", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    let refused: Promise<number> | undefined;
    await runScript(owner.key, threadId, "sleep 0.5", {
      onText: () => {
        refused ??= send(`/v1/threads/${threadId}/messages`, {
          key: owner.key,
          body: { content: "echo too early" },
        }).then(({ status, json }) => (json.code === "THREAD_BUSY" ? status : 0));
      },
    });
    expect(await refused).toBe(409);
  });

  test("goes on when the client goes away", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const gone = new AbortController();
    const sent = send(`/v1/threads/${threadId}/messages`, {
      key: owner.key,
      body: { content: "sleep 0.3; echo done > done.txt" },
      signal: gone.signal,
      onText: () => gone.abort(),
    });
    await expect(sent).rejects.toThrow();
    await expect
      .poll(
        async () => (await send(`/v1/threads/${threadId}/status`, { key: owner.key })).json.status,
        { timeout: 120_000 },
      )
      .toBe("completed");
    const file = await send(`/v1/environments/${environmentId}/files/done.txt`, { key: owner.key });
    expect(file.text).toBe("done\n");
  });
});

describe("AUD-7 every change is on the record", () => {
  test("from the owner's making to the execution's end, each with its row's leaf hash", async () => {
    const { id, key } = await newOwner();
    const environmentId = await newEnvironment(key);
    const upload = multipart({ name: "a.txt", bytes: "a" });
    const path = `/v1/environments/${environmentId}/files/upload`;
    await send(path, { key, method: "POST", ...upload });
    const { run } = await runScript(key, await newThread(key, { environmentId }), "echo recorded");
    const rows = await auditOf(id);
    expect(rows.map(({ action }) => action)).toEqual([
      "owner.created",
      "budget.credited",
      "environment.created",
      "file.uploaded",
      "thread.created",
      "execution.started",
      "execution.claimed",
      "execution.ended",
    ]);
    expect(rows.at(-1)).toMatchObject({ subject: run.id, facts: { outcome: "success" } });
  });
});

describe("BUD-1 an owner without money", () => {
  test("is refused before the stream begins, with what is missing", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const threadId = await newThread(owner.key);
    const { answer } = await runScript(owner.key, threadId, "echo never");
    expect(answer.status).toBe(402);
    expect(answer.json).toMatchObject({
      error: "Payment Required",
      code: "INSUFFICIENT_BUDGET",
      required: expect.any(Number),
      budgetStatus: { balance: 0, dailyLimit: null, monthlyLimit: null },
    });
    const thread = (await send(`/v1/threads/${threadId}`, { key: owner.key })).json.thread;
    expect(thread).toMatchObject({ status: "active", messageCount: 0 });
    expect(eventsOf(answer.text)).toEqual([]);
  });
});
