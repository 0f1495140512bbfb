/** Twenty MCP servers, most of them hostile, through a whole run. */
import { expect, test } from "vitest";
import type { ScriptedTurn, TurnItem } from "../../local/providers/turn.ts";
import { modelConfig } from "../kit/agent-steps.ts";
import { expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { rudeProgram } from "../kit/mcp-program.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { scriptedTask } from "../kit/scripted-task.ts";

const call = (name: string, input: object = {}): TurnItem => ({ kind: "tool-call", name, input });
const turn = (...items: TurnItem[]): ScriptedTurn => ({ items });
const program = (name: string, kind: Parameters<typeof rudeProgram>[0]) => ({
  ...{ type: "stdio", name },
  ...rudeProgram(kind),
});
const inside = ["http://169.254.169.254/mcp", "http://localhost:3128/mcp", "http://10.0.0.1/mcp"];

const servers = [
  ...(["long", "endless", "dying", "hanging"] as const).map((kind) => program(kind, kind)),
  // After letters that names can't have are replaced, these have one name.
  ...["s 1", "s.1", "s/1"].map((name) => program(name, "plain")),
  ...inside.map((url, index) => ({ type: "http", name: `inside ${index}`, url })),
  ...["silent 1", "silent 2"].map((name) => program(name, "silent")),
  ...Array.from({ length: 7 }, (_, index) => program(`plain ${index}`, "plain")),
  program("z", "crowded"),
];

test("MOD-5 hostile servers cost an agent their tools, and it ends well", async () => {
  expect(servers).toHaveLength(20);
  const owner = await newOwner({ creditUsd: 5 });
  const environmentId = await newEnvironment(owner.key, { mcpServers: servers });
  const threadId = await newThread(owner.key, { environmentId });
  const task = scriptedTask([
    turn(call("mcp__long__t"), call("mcp__endless__t"), call("mcp__dying__t")),
    turn(call("mcp__s_1__t"), call("mcp__s_1_2__t"), call("mcp__dying__t")),
    turn(call("mcp__hanging__t")),
    turn(call("bash", { command: "echo made > made.txt" })),
    turn({ kind: "text", text: "It is made." }),
  ]);
  const { run, events, answer } = await runScript(owner.key, threadId, task, {
    body: modelConfig,
  });
  expect(run, answer.text).toMatchObject({ status: "success" });
  const ended = await expectSettled(owner, run.id);
  expect(ended.output).toBe("It is made.\n");
  const calls = events
    .filter(({ type, item }) => type === "response.item.completed" && item.type === "tool_call")
    .map(({ item }) => `${item.name} ${item.status}`);
  expect(calls).toEqual([
    ...["mcp__long__t completed", "mcp__endless__t failed", "mcp__dying__t failed"],
    ...["mcp__s_1__t completed", "mcp__s_1_2__t completed", "mcp__dying__t failed"],
    ...["mcp__hanging__t failed", "bash completed"],
  ]);
  for (const name of ["silent 1", "silent 2", "inside 0", "inside 1", "inside 2"]) {
    expect(answer.text).toContain(`\\"${name}\\" can't be used`);
  }
  const file = await send(`/v1/environments/${environmentId}/files/made.txt`, { key: owner.key });
  expect(file.text).toBe("made\n");
});
