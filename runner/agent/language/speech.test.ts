import { expect, test } from "vitest";
import type { Item } from "#shared/protocol/item";
import { faultOfStatus } from "./provider-fault.ts";
import { Speech } from "./speech.ts";

test("MOD-5 an answer that thinks before each word has a bounded number of events", () => {
  const thoughts: string[] = [];
  let [said, answer] = ["", ""];
  const speech = new Speech(
    {
      emit: (item) => void (item.type === "reasoning" && thoughts.push(item.content)),
      speak: () => ({
        write: (text) => {
          said += text;
        },
        end: () => undefined,
      }),
      answer: (text) => {
        answer = text;
      },
      redactor: () => ({ write: (text) => text, pause: () => "", end: () => "" }),
    },
    "",
  );
  for (let word = 0; word < 1_000; word += 1) {
    speech.thinking("t");
    speech.text("w");
  }
  speech.end();
  expect([said, answer]).toEqual([`${"w".repeat(1_000)}\n`, "w".repeat(1_000)]);
  expect(thoughts.length).toBeLessThan(300);
  expect(thoughts.join("")).toBe("t".repeat(1_000));
});

test("of a long thought one sees that it goes on", () => {
  const thoughts: string[] = [];
  const tools = {
    emit: (item: Item) => void (item.type === "reasoning" && thoughts.push(item.content)),
    speak: () => ({ write: () => undefined, end: () => undefined }),
    answer: () => undefined,
    redactor: () => ({ write: (text: string) => text, pause: () => "", end: () => "" }),
  };
  for (const length of [16_000, 16_001]) {
    const speech = new Speech(tools, "");
    speech.thinking("t".repeat(length));
    speech.end();
  }
  expect(thoughts).toEqual(["t".repeat(16_000), `${"t".repeat(15_999)}…`]);
});

test("of a provider's long refusal, too", () => {
  const said = (text: string) =>
    faultOfStatus(500, JSON.stringify({ error: { message: text } }), {});
  expect(said("x".repeat(300)).message).toMatch(/: x{300}$/);
  expect(said("x".repeat(301)).message).toMatch(/: x{300}…$/);
});
