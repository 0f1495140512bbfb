/** What a model can't do with its calls, whatever it was talked into. */
import { describe, expect, test } from "vitest";
import type { TurnItem } from "../../../local/providers/turn.ts";
import { canary, runLoop } from "../../../test/kit/agent-loop.ts";
import { Repetition } from "./repetition.ts";
import { runCalls } from "./run-calls.ts";
import { agentTools } from "./tools/tools.ts";
import { withPassableCalls } from "./wires/passable-calls.ts";
import { type WireName, wires } from "./wires/wires.ts";

const done = { items: [{ kind: "text", text: "Done." } as const] };
const view = (path: string): TurnItem => ({ kind: "tool-call", name: "view", input: { path } });

const edit = (text: string): TurnItem => {
  return {
    kind: "tool-call",
    name: "edit",
    input: { path: "a.txt", old_text: text, new_text: "" },
  };
};

describe("a secret that a tool cuts", () => {
  test("is removed before it is cut, so that no part of it is shown", async () => {
    const line = `${"x".repeat(2_000 - canary.length + 3)}${canary}`;
    const files = { "a.txt": Buffer.from(`${line}\n`) };
    const run = await runLoop({ files, script: [{ items: [view("a.txt")] }, done] });
    expect(run.end).toEqual({ exitCode: 0 });
    expect(JSON.stringify(run.requests[1])).not.toContain(canary.slice(0, 8));
  });

  test.each(["{}", "malformed"])("is in no call as the stream shows it: %s", async (form) => {
    const command = `${"x".repeat(4_000 - canary.length + 3)}${canary}`;
    const inputText = form === "{}" ? JSON.stringify({ command }) : command;
    const call: TurnItem = { kind: "tool-call", name: "bash", input: {}, inputText };
    const { items } = await runLoop({ script: [{ items: [call] }, done] });
    const shown = JSON.stringify(items.filter(({ type }) => type === "tool_call"));
    expect(shown).toContain("xxx");
    expect(shown).not.toContain(canary.slice(0, 8));
  });
});

test("what the stream shows of a result is cut without the beginning of a secret", async () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index} ${"x".repeat(40)}`);
  const text = lines.join("\n");
  const script = [{ items: [edit(`${text}\nnone`)] }, done];
  const shownOf = async (content: string) => {
    const { items } = await runLoop({ files: { "a.txt": Buffer.from(content) }, script });
    const shown = items.findLast((item) => item.type === "tool_call");
    return shown?.type === "tool_call" ? (shown.result ?? "") : "";
  };
  // Where the text is cut.
  const whole = await shownOf(text);
  expect(whole).toMatch(/…$/);
  const end = text.indexOf(whole.slice(-61, -1)) + 60;
  const secret = `${text.slice(0, end - 5)}${canary} and more\n${lines.at(-1)}`;
  const shown = await shownOf(secret);
  expect(shown).toContain("line 20");
  expect(shown).not.toContain(canary.slice(0, 4));
});

test("a step of a plan is cut without the beginning of a secret", async () => {
  const text = `${"x".repeat(500 - canary.length + 3)}${canary}`;
  const steps = [{ text, status: "done" }, { text: "next" }];
  const call: TurnItem = { kind: "tool-call", name: "plan", input: { steps } };
  const { items } = await runLoop({ script: [{ items: [call] }, done] });
  const [planned] = items.filter(({ type }) => type === "planning");
  expect(JSON.stringify(planned)).toContain("[ ] next");
  expect(JSON.stringify(planned)).not.toContain(canary.slice(0, 8));
});

describe("MOD-5 a call that spoils the conversation ends with a sentence, and the run goes on", () => {
  test.each(Object.keys(wires))("arguments nested a hundred levels deep: %s", async (name) => {
    const inputText = `${'{"a":'.repeat(100)}{}${"}".repeat(100)}`;
    const input: object = JSON.parse(inputText);
    const deep: TurnItem = { kind: "tool-call", name: "bash", input, inputText };
    const run = await runLoop({ wire: name as WireName, script: [{ items: [deep] }, done] });
    expect(run.end).toEqual({ exitCode: 0 });
    const asked = JSON.stringify(run.requests[1]);
    expect(asked).toContain("nested too deeply");
    expect(asked).not.toContain('{"a":{"a":{"a":');
  });

  test.each(Object.keys(wires))("arguments of thirty thousand values: %s", async (name) => {
    const inputText = `{"many":[${Array(30_000).fill("{}").join(",")}]}`;
    const many: TurnItem = { kind: "tool-call", name: "bash", input: {}, inputText };
    const run = await runLoop({ wire: name as WireName, script: [{ items: [many] }, done] });
    expect(run.end).toEqual({ exitCode: 0 });
    const asked = JSON.stringify(run.requests[1]);
    // Gemini's own form has them as values of an event, which are counted before.
    if (name !== "gemini") expect(asked).toContain("hold too many values");
    expect(asked).not.toContain("{},{},{}");
  });

  test.each(
    Object.keys(wires).flatMap((wire) =>
      ["", "functions.bash", "a b", "x".repeat(300)].map((name) => [name.slice(0, 20), wire, name]),
    ),
  )("a tool's name that no provider takes: %s, %s", async (_shown, wire, name) => {
    const call: TurnItem = { kind: "tool-call", name, input: {} };
    const run = await runLoop({ wire: wire as WireName, script: [{ items: [call] }, done] });
    expect(run.end).toEqual({ exitCode: 0 });
    const named = [...JSON.stringify(run.requests[1]).matchAll(/"name":"([^"]*)"/g)];
    expect(named.filter(([, sent = ""]) => !/^[A-Za-z0-9_-]{1,64}$/.test(sent))).toEqual([]);
  });

  test("an id that it has given to another call, or none", () => {
    const call = { type: "tool_call", name: "view", arguments: "{}" } as const;
    const ids = ["a", "", "a", "a_1", "", "x".repeat(1_000)];
    const given = withPassableCalls(ids.map((id) => ({ ...call, id })));
    const passed = given.map((part) => (part.type === "tool_call" ? part.id : ""));
    expect(new Set(passed).size).toBe(ids.length);
    expect(passed[0]).toBe("a");
    expect(passed.every((id) => id !== "" && id.length < 300)).toBe(true);
  });

  test("one long id for each of ten thousand calls", () => {
    const call = { type: "tool_call", id: "x".repeat(190), name: "view", arguments: "{}" } as const;
    const passed = withPassableCalls(Array.from({ length: 10_000 }, () => call));
    expect(new Set(passed.map((part) => "id" in part && part.id)).size).toBe(10_000);
  });

  test.each(Object.keys(wires))("half a character in a text or in arguments: %s", async (name) => {
    const inputText = '{"command":"echo \\ud83d \\uD83D\\uDE00"}';
    const input: object = JSON.parse(inputText);
    const call: TurnItem = { kind: "tool-call", name: "bash", input, inputText };
    const items = [{ kind: "text", text: "half \ud83d" } as const, call];
    const run = await runLoop({ wire: name as WireName, script: [{ items }, done] });
    expect(run.end).toEqual({ exitCode: 0 });
    const asked = JSON.stringify(run.requests[1]);
    expect(asked).toContain("\ud83d\ude00");
    expect(asked).not.toMatch(/\\ud[89a-f]/i);
  });

  test("arguments larger than the sandbox takes at once", async () => {
    const call = { id: "1", name: "bash", arguments: `{"command":"${"x".repeat(11_000_000)}"}` };
    const deps = {
      ...{ tools: agentTools, canSee: false, repetition: new Repetition(), isCut: false },
      onSandboxEnded: () => undefined,
    };
    const asked: unknown[] = [];
    const tools = {
      ...{ emit: () => undefined, redact: (text: string) => text },
      ...{ redactor: () => ({ write: () => "", pause: () => "", end: () => "" }) },
      ...{
        signal: new AbortController().signal,
        sandbox: async (given: unknown) => asked.push(given),
      },
    };
    const all = { ...deps, agentTools: tools as never };
    const [result] = await runCalls([{ type: "tool_call", ...call }], all);
    expect(result).toMatchObject({ isError: true });
    expect(asked).toEqual([]);
  });

  test("more calls than one answer may make", async () => {
    const files = { "a.txt": Buffer.from("text") };
    const calls = Array.from({ length: 70 }, () => view("a.txt"));
    const run = await runLoop({ files, script: [{ items: calls }, done] });
    const begun = run.items.filter(
      (item) => item.type === "tool_call" && item.status === "running",
    );
    expect(begun).toHaveLength(64);
    expect(JSON.stringify(run.requests[1])).toContain("Only your first 64 calls were run");
  });
});

test.each([
  ["a long text", JSON.stringify({ command: "x".repeat(5_000_000) })],
  ["a million values", JSON.stringify({ many: Array(1_000_000).fill("x") })],
  ["as many empty ones", JSON.stringify({ xx: Array(19_000).fill("") })],
  ["no JSON", "x".repeat(5_000_000)],
])("of megabytes of arguments no more is looked at than is shown: %s", async (_, args) => {
  const shown: string[] = [];
  let [seen, redactors] = [0, 0];
  const redact = (text: string) => {
    seen += text.length;
    return text;
  };
  const tools = {
    emit: (item: { arguments?: string }) => shown.push(item.arguments ?? ""),
    redact,
    redactor: () => {
      redactors += 1;
      return { write: redact, pause: () => "", end: () => "" };
    },
    signal: AbortSignal.abort(),
  };
  const deps = {
    ...{ tools: agentTools, canSee: false, repetition: new Repetition(), isCut: false },
    onSandboxEnded: () => undefined,
  };
  const call = { type: "tool_call", id: "1", name: "bash", arguments: args } as const;
  const all = { ...deps, agentTools: tools as never };
  await runCalls([call], all);
  expect(shown[0]).toContain("x");
  expect(shown[0]?.length).toBeLessThan(17_000);
  expect(redactors).toBeLessThan(9_000);
  // What isn't JSON is read to its end, which the model is told.
  expect(seen).toBeLessThan(args.startsWith("{") ? 300_000 : 5_300_000);
});
