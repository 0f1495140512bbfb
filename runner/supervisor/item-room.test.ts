import { expect, test } from "vitest";
import type { Item } from "#shared/protocol/item";
import { ItemRoom } from "./item-room.ts";

function roomOf(bytesMax: number) {
  let runaways = 0;
  const room = new ItemRoom(bytesMax, () => {
    runaways += 1;
  });
  const print = (content: string) => {
    const item = room.take({ type: "tool_output", id: "1", content });
    return item?.type === "tool_output" ? item.content : null;
  };
  return { room, print, runaways: () => runaways };
}

const said = "\n[The output limit is reached; what tools print from here on is not shown.]\n";

test("what tools print is shown up to a bound in all, and says once where it is cut", () => {
  const { room, print, runaways } = roomOf(100);
  expect(print("x".repeat(60))).toBe("x".repeat(60));
  expect(print(`${"x".repeat(39)}é`)).toBe(`${"x".repeat(39)}${said}`);
  expect(print("x")).toBeNull();
  // What calls there were is told all the same.
  const call: Item = {
    ...{ type: "tool_call", id: "2", name: "bash", arguments: "{}", status: "running" },
  };
  expect(room.take(call)).toBe(call);
  expect(runaways()).toBe(0);
});

test("exactly as much as there is room for isn't cut", () => {
  const { print } = roomOf(100);
  expect(print("x".repeat(100))).toBe("x".repeat(100));
  expect(print("y")).toBe(said);
  expect(print("z")).toBeNull();
});

test("a run whose items go far beyond that is ended", () => {
  const { room, runaways } = roomOf(1_000);
  const content = "x".repeat(500);
  for (let count = 0; count < 12; count += 1) room.take({ type: "reasoning", content });
  expect(runaways()).toBe(0);
  for (let count = 0; count < 4; count += 1) room.take({ type: "reasoning", content });
  expect(runaways()).toBeGreaterThan(0);
});
