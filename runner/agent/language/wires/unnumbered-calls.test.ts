import { expect, test } from "vitest";
import { openaiChat } from "./openai-chat.ts";

interface Piece {
  readonly index?: number;
  readonly id?: string;
  readonly function: { readonly name?: string; readonly arguments?: string };
}

function callsIn(pieces: readonly Piece[]) {
  const reader = openaiChat.reader({ text: () => undefined, thinking: () => undefined });
  for (const piece of pieces) {
    const choice = { delta: { tool_calls: [piece] } };
    reader.read({ event: "", data: JSON.stringify({ choices: [choice] }) });
  }
  const end = { choices: [{ delta: {}, finish_reason: "tool_calls" }] };
  reader.read({ event: "", data: JSON.stringify(end) });
  return reader.turn().parts;
}

const call = (id: string, name: string) => ({
  ...{ type: "tool_call", id, name },
  arguments: `{"of":"${id}"}`,
});
const pieces = (id: string, name: string, numbered: { readonly index?: number }): Piece[] => [
  { ...numbered, id, function: { name, arguments: "" } },
  { ...numbered, function: { arguments: '{"of":' } },
  { ...numbered, function: { arguments: `"${id}"}` } },
];

test.each([
  ["no number", [{}, {}, {}]],
  ["one number for all", [{ index: 0 }, { index: 0 }, { index: 0 }]],
  ["numbers", [{ index: 0 }, { index: 1 }, { index: 2 }]],
  ["a number that was taken", [{ index: 0 }, { index: 0 }, { index: 1 }]],
])("calls of a server that gives them %s keep their own arguments", (_what, [a, b, c]) => {
  const all = [...pieces("a", "bash", a ?? {}), ...pieces("b", "view", b ?? {})];
  const expected = [call("a", "bash"), call("b", "view"), call("c", "bash")];
  expect(callsIn([...all, ...pieces("c", "bash", c ?? {})])).toEqual(expected);
});
