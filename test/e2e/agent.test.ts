/** A language model works on a task through the whole product, and costs what its provider says. */
import { expect, test } from "vitest";
import { catalogue } from "#shared/core/models/catalogue";
import { callCostMicrousd } from "#shared/core/models/price";
import type { ScriptedTurn, TurnItem } from "../../local/providers/turn.ts";
import { executionOf, expectBalanced, untilEnded } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { notesProgram } from "../kit/mcp-program.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { scriptedTask } from "../kit/scripted-task.ts";

const model = "claude-haiku-4-5";
const skillFolder = "/opt/paddock/init/trust/skills/house-style";
const call = (name: string, input: object): TurnItem => ({ kind: "tool-call", name, input });
const say = (text: string): TurnItem => ({ kind: "text", text });
const turn = (...items: TurnItem[]): ScriptedTurn => ({ items });

test("MOD-3 an agent writes, runs and repairs code, and the account pays for time and tokens", async () => {
  const owner = await newOwner({ creditUsd: 5 });
  const skill = { name: "House style", description: "How we write.", markdown: "Use tabs." };
  const files = [{ name: "more/rules.md", content: "Never shout." }];
  const saved = await send("/v1/skills", { key: owner.key, body: { ...skill, files } });
  expect(saved.status, saved.text).toBe(201);
  const enabledSkills = [saved.json.skill.id, "none such"];
  const made = await send("/v1/agents", {
    key: owner.key,
    body: { name: "Coder", model, instructions: "Answer briefly.", enabledSkills },
  });
  expect(made.status, made.text).toBe(201);
  const env = { NOTES_ABOUT: "sums" };
  const environmentId = await newEnvironment(owner.key, {
    mcpServers: [{ type: "stdio", name: "notes", ...notesProgram, env }],
  });
  const threadId = await newThread(owner.key, { environmentId, agentId: made.json.agent.id });
  const task = scriptedTask([
    turn(say("I write it."), call("create", { path: "sum.sh", content: "echo $((2 - 2))\n" })),
    turn(call("bash", { command: "test $(sh sum.sh) = 4" })),
    turn(call("edit", { path: "sum.sh", old_text: "2 - 2", new_text: "2 + 2" })),
    turn(call("bash", { command: "test $(sh sum.sh) = 4 && echo right" })),
    turn(call("mcp__notes__note", { text: "4" }), call("mcp__more__note", { text: "5" })),
    turn(call("bash", { command: "cat note.txt" })),
    turn(
      call("bash", { command: `cd ${skillFolder} && cat SKILL.md more/rules.md && ! echo > x` }),
    ),
    turn(say("It is 4 now.")),
  ]);
  const more = { type: "stdio", name: "more", ...notesProgram };
  const sent = await runScript(owner.key, threadId, task, { body: { mcpServers: [more] } });
  const { answer, events, run, content } = sent;
  expect(answer.status, answer.text).toBe(200);
  expect(run, answer.text).toMatchObject({ status: "success" });
  expect(content).toContain("It is 4 now.");
  const calls = events
    .filter(({ type, item }) => type === "response.item.completed" && item.type === "tool_call")
    .map(({ item }) => `${item.name} ${item.status}`);
  expect(calls).toEqual([
    ...["create completed", "bash failed", "edit completed", "bash completed"],
    ...["mcp__notes__note completed", "mcp__more__note completed", "bash completed"],
    "bash completed",
  ]);
  const printed = events.map(({ item }) => (item?.type === "tool_output" ? item.content : ""));
  expect(printed.join("")).toContain("Use tabs.");
  expect(printed.join("")).toContain("Never shout.");
  expect(answer.text).toContain("Skills that can't be used: ");
  const file = await send(`/v1/environments/${environmentId}/files/sum.sh`, { key: owner.key });
  expect(file.text).toBe("echo $((2 + 2))\n");

  await untilEnded(owner, run.id);
  const ended = await executionOf(owner, run.id);
  const prices = catalogue().models.find(({ id }) => id === model)?.prices ?? expect.fail();
  const nothing = { cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };
  const output = { outputTokens: ended.outputTokens, thinkingTokens: 0, ...nothing };
  expect(ended.outputTokens).toBeGreaterThan(0);
  expect(ended.modelCostMicrousd).toBeGreaterThan(
    callCostMicrousd(prices, { ...output, uncachedInputTokens: 0 }),
  );
  expect(ended.chargedMicrousd).toBeGreaterThan(ended.modelCostMicrousd);
  await expectBalanced(owner);
  expect((await send("/v1/budget", { key: owner.key })).json).toMatchObject({ held: 0 });
});
