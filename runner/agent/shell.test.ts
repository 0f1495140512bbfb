import { describe, expect, test } from "vitest";
import type { Item } from "#shared/protocol/item";
import type { AgentTools } from "./model.ts";
import { shellModel } from "./shell.ts";

/** Tools that remember their calls, and end scripts as the test says. */
function toolsThatEnd(exitCodes: readonly (number | null)[]) {
  const items: Item[] = [];
  const notes: string[] = [];
  const scripts: string[] = [];
  const tools: AgentTools = {
    emit: (item) => void items.push(item),
    note: (text) => void notes.push(text),
    runScript: async (script, part) => {
      scripts.push(`${part}: ${script}`);
      return { exitCode: exitCodes[scripts.length - 1] ?? null };
    },
  };
  return { tools, items, notes, scripts };
}

const task = { model: "shell", instructions: null, content: "main", setupScripts: ["one", "two"] };

describe("the shell model", () => {
  test("runs the set-up, then the message, each as a call that starts and ends", async () => {
    const { tools, items, scripts } = toolsThatEnd([0, 0, 4]);
    expect(await shellModel.run(task, tools)).toEqual({ exitCode: 4 });
    expect(scripts).toEqual(["progress: one", "progress: two", "answer: main"]);
    expect(items.map((item) => item.type === "tool_call" && `${item.id} ${item.status}`)).toEqual([
      "setup_1 running",
      "setup_1 completed",
      "setup_2 running",
      "setup_2 completed",
      "shell_1 running",
      "shell_1 failed",
    ]);
  });

  test("doesn't start the task after a failed set-up, and says why", async () => {
    const { tools, notes, scripts } = toolsThatEnd([0, null]);
    const why = "Setup script 2 failed (ended with the sandbox); the task was not started.";
    expect(await shellModel.run(task, tools)).toEqual({ exitCode: null, why });
    expect(scripts).toHaveLength(2);
    expect(notes).toEqual([why]);
  });

  test("keeps the arguments JSON, however long the script", async () => {
    const { tools, items } = toolsThatEnd([0, 0, 0]);
    await shellModel.run({ ...task, content: "😀".repeat(20_000) }, tools);
    for (const item of items) {
      if (item.type === "tool_call") expect(JSON.parse(item.arguments)).toHaveProperty("command");
      expect(JSON.stringify(item).length).toBeLessThan(40_000);
    }
  });
});
