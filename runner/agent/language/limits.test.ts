import { describe, expect, test } from "vitest";
import type { ScriptedTurn, TurnItem, WireFault } from "../../../local/providers/turn.ts";
import { runLoop } from "../../../test/kit/agent-loop.ts";
import { loopLimits } from "./limits.ts";

const say = (text: string): TurnItem => ({ kind: "text", text });
const shell = (command: string): TurnItem => {
  return { kind: "tool-call", name: "bash", input: { command } };
};
const turn = (...items: TurnItem[]): ScriptedTurn => ({ items });
const failing = (fault: WireFault, ...items: TurnItem[]): ScriptedTurn => ({ items, fault });

describe("a limit", () => {
  test("of steps leads to a last answer without calls", async () => {
    const run = await runLoop({
      script: ({ number }) => turn(say(`Step ${number}.`), shell(`echo ${number}`)),
      settings: { limits: { ...loopLimits, stepsMax: 3 } },
    });
    expect(run.end).toMatchObject({ unfinished: "agent_limit", why: expect.stringContaining("3") });
    expect(run.answer).toBe("Step 3.");
    expect(run.items.filter((item) => item.type === "tool_call")).toHaveLength(6);
  });

  test("leads to a last answer also if the conversation must be summarized for it", async () => {
    const isLast = (body: object) => JSON.stringify(body).includes("Answer now");
    // So many that not even the newest message is kept.
    let refusals = 3;
    const run = await runLoop({
      script: ({ body }) => {
        if (JSON.stringify(body).includes("replaced by a summary that")) return turn(say("SHORT"));
        if (!isLast(body)) return turn(say("Partly."), shell("x"));
        refusals -= 1;
        return refusals >= 0
          ? failing({ kind: "status", status: 413 }, say("x"))
          : turn(say("The last answer."));
      },
      settings: { limits: { ...loopLimits, stepsMax: 2 } },
    });
    expect(run.answer).toBe("The last answer.");
  });

  test("of time leads to a last answer, too", async () => {
    let left = 100_000;
    const run = await runLoop({
      script: () => turn(say("Partly."), shell("x")),
      shell: () => {
        left = 1_000;
        return { output: "", status: 0 };
      },
      remainingMs: () => left,
    });
    expect(run.end).toMatchObject({ unfinished: "time_limit" });
    expect(run.requests).toHaveLength(2);
  });
});
