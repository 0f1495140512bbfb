/** What language models cost, in `/costs` and in the ledger, and what a thread's context takes. */
import { beforeAll, describe, expect, test } from "vitest";
import { LedgerEntry } from "#shared/store/owners";
import type { ScriptedTurn } from "../../local/providers/turn.ts";
import { send } from "../kit/client.ts";
import { passMidnight } from "../kit/midnight.ts";
import { endOf, expectPaid } from "../kit/orchestrations.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { scriptedTask } from "../kit/scripted-task.ts";
import { firestore } from "../kit/store.ts";

const model = "claude-haiku-4-5";
const microusdPerToken = 10_000;
let owner: TestOwner;
let environmentId: string;
let agents: Record<"talker" | "worker", string>;
let threads: Record<"talker" | "worker", string>;

const get = async (path: string) => {
  const answer = await send(path, { key: owner.key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};
const say = (text: string): ScriptedTurn => ({ items: [{ kind: "text", text }] });

beforeAll(async () => {
  await passMidnight(120_000);
  owner = await newOwner({ creditUsd: 50 });
  const { key } = owner;
  environmentId = await newEnvironment(key);
  const make = async (name: string, which: string) =>
    (await send("/v1/agents", { key, body: { name, model: which } })).json.agent.id;
  agents = { talker: await make("talker", model), worker: await make("worker", "shell") };
  threads = {
    talker: await newThread(key, { environmentId, agentId: agents.talker }),
    worker: await newThread(key, { environmentId, agentId: agents.worker }),
  };
  const talk = scriptedTask([say("A long answer. ".repeat(200))]);
  const talked = await runScript(key, threads.talker, talk);
  expect(talked.run, talked.answer.text).toMatchObject({ status: "success" });
  await runScript(key, threads.worker, "echo done");
  const steps = [
    { name: "talk", agentId: agents.talker, instructions: scriptedTask([say("approved")]) },
    { name: "work", agentId: agents.worker, instructions: "echo done" },
  ];
  const body = { name: "both", environmentId, strategy: "sequential", steps };
  const { id } = (await send("/v1/orchestrations", { key, body })).json.orchestration;
  const started = await send(`/v1/orchestrations/${id}/runs`, { key, method: "POST" });
  const ended = await endOf(key, started.json.run);
  expect(ended, JSON.stringify(ended)).toMatchObject({ status: "completed" });
  await expectPaid(owner, { ...ended, cost: (await get("/v1/budget")).totalSpent });
}, 180_000);

async function charges(): Promise<readonly LedgerEntry[]> {
  const { docs } = await firestore().collection(`owners/${owner.id}/ledger`).get();
  return docs.map((doc) => LedgerEntry.parse(doc.data())).filter(({ type }) => type === "charge");
}

function sums(lines: readonly LedgerEntry[]) {
  const sum = (valueIn: (line: LedgerEntry) => number) =>
    lines.reduce((total, line) => total + valueIn(line), 0);
  const microusd = sum(({ amountMicrousd }) => 0 - amountMicrousd);
  const models = sum(({ modelMicrousd }) => modelMicrousd);
  const totalCT = Math.round(microusd / microusdPerToken);
  const agentCT = Math.round(models / microusdPerToken);
  return {
    ...{ microusd, models, totalCT, agentCT, environmentCT: totalCT - agentCT },
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    cacheTokens: sum(({ cacheTokens }) => cacheTokens),
  };
}

describe("costs are those of the ledger", () => {
  test("in all and by day, for agents and environments, with their tokens", async () => {
    const { totalCT, agentCT, environmentCT, microusd, models, ...tokens } = sums(await charges());
    const { inputTokens, outputTokens, cacheTokens } = tokens;
    expect(models).toBeGreaterThan(0);
    expect(inputTokens).toBeGreaterThan(0);
    const summary = await get("/v1/costs/summary?period=day");
    expect(summary.totals).toMatchObject({
      ...{ totalCT, totalCost: totalCT, agentCT, agentCost: agentCT },
      ...{ environmentCT, environmentCost: environmentCT, inputTokens, outputTokens },
      ...{ totalCostUsd: microusd / 1e6, totalThreads: 4 },
    });
    expect(summary.byDay).toMatchObject([
      { totalCT, agentCT, environmentCT, inputTokens, outputTokens, threadCount: 4 },
    ]);
    const totalTokens = inputTokens + outputTokens;
    const { totals } = await get("/v1/costs/performance/tokens?period=day");
    expect(totals).toEqual({ inputTokens, outputTokens, cacheTokens, totalTokens });
    expect((await get("/v1/billing/stats?period=day")).stats).toMatchObject({ totalTokens });
  });

  test("by agent and by what started them", async () => {
    const lines = await charges();
    const by = async (groupBy: string) =>
      await get(`/v1/costs/breakdown?groupBy=${groupBy}&period=day`);
    const shownOf = (own: readonly LedgerEntry[]) => {
      const { totalCT, agentCT, environmentCT } = sums(own);
      return { totalCT, agentCT, environmentCT };
    };
    const found = (await by("agent")).agents;
    for (const id of Object.values(agents)) {
      const own = lines.filter(({ agentId }) => agentId === id);
      const [shown] = found.filter((one: { id: string }) => one.id === id);
      expect(shown).toMatchObject({ ...shownOf(own), threadCount: 2 });
    }
    const { sources } = await by("source");
    const names = { api: "API", orchestration: "Orchestrations" } as const;
    for (const [source, name] of Object.entries(names)) {
      const own = lines.filter((line) => line.source === source);
      const [shown] = sources.filter((one: { id: string }) => one.id === source);
      expect(shown).toMatchObject({ name, ...shownOf(own), threadCount: 2 });
    }
    expect(sources).toHaveLength(2);
  });

  test("of threads, sorted by what either part costs", async () => {
    const lines = await charges();
    const rest = (line: LedgerEntry) => 0 - line.amountMicrousd - line.modelMicrousd;
    const expected = (cost: (line: LedgerEntry) => number) =>
      [...lines].sort((a, b) => cost(b) - cost(a)).map((line) => cost(line));
    const listed = async (sortBy: string) =>
      (await get(`/v1/costs/threads?sortBy=${sortBy}&order=desc`)).data.map(
        ({ id }: { id: string }) => lines.find(({ threadId }) => threadId === id),
      );
    const byAgent = (await listed("agentCost")).map((line: LedgerEntry) => line.modelMicrousd);
    expect(byAgent).toEqual(expected((line) => line.modelMicrousd));
    expect((await listed("environmentCost")).map(rest)).toEqual(expected(rest));
    const { stats } = await get("/v1/costs/threads");
    const { totalCT, agentCT, environmentCT } = sums(lines);
    expect(stats).toMatchObject({ totalThreads: 4, totalCT, agentCT, environmentCT });
  });
});

describe("the context of a thread", () => {
  test("is what its next message would begin with, of what its model takes", async () => {
    const { context } = await get(`/v1/threads/${threads.talker}/context`);
    expect(context).toMatchObject({
      ...{ threadId: threads.talker, sessionId: null, model, maxTokens: 200_000 },
      ...{ source: "estimate", exact: false, messageCount: 2 },
    });
    // The answer alone has 3,000 characters.
    expect(context.usedTokens).toBeGreaterThan(750);
    expect(context.usedTokens).toBeLessThan(3_000);
    expect(context.remainingTokens).toBe(context.maxTokens - context.usedTokens);
    expect(context.remainingRatio).toBeCloseTo(context.remainingTokens / context.maxTokens);
  });

  test("is nothing where scripts run", async () => {
    const { context } = await get(`/v1/threads/${threads.worker}/context`);
    const nothing = { maxTokens: 0, usedTokens: 0, remainingTokens: 0, remainingRatio: 0 };
    expect(context).toMatchObject({ model: "shell", ...nothing, source: "none", exact: true });
  });
});

test("an agent whose model isn't offered is stored with a warning", async () => {
  const body = { name: "a", model: "gpt-17" };
  const { json } = await send("/v1/agents", { key: owner.key, body });
  expect(json.warnings).toEqual([expect.stringContaining("doesn't offer it")]);
  const path = `/v1/agents/${json.agent.id}`;
  const changed = await send(path, { key: owner.key, method: "PATCH", body: { model: "shell" } });
  expect(changed.json.warnings).toEqual([]);
});

test("a message may name its thread's own agent and environment, and no others", async () => {
  const { key } = owner;
  const path = `/v1/threads/${threads.worker}/messages`;
  const same = { content: "true", agentId: agents.worker, environmentId };
  expect((await send(path, { key, body: same })).status).toBe(200);
  const other = await newEnvironment(key);
  const refused = [
    [404, "agentId", { agentId: `agent_${"0".repeat(21)}` }],
    [404, "environmentId", { environmentId: "somewhere" }],
    [400, "agentId", { agentId: agents.talker }],
    [400, "environmentId", { environmentId: other }],
  ] as const;
  for (const [status, field, fields] of refused) {
    const answer = await send(path, { key, body: { content: "true", ...fields } });
    expect(answer, answer.text).toMatchObject({ status, json: { details: [{ field }] } });
  }
});

test("a trigger without a source, and an address without a route, are told what to do", async () => {
  const action = { type: "send_message", prompt: "true" };
  const body = { name: "a", environmentId, event: "a", action };
  const refused = await send("/v1/triggers", { key: owner.key, body });
  expect(refused.json.details).toEqual([
    { field: "source", message: expect.stringMatching(/^is required: .* one of github, /) },
  ]);
  expect(await send("/")).toMatchObject({
    status: 404,
    json: { code: "NOT_FOUND", message: expect.stringContaining("/docs") },
  });
});
