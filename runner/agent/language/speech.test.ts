import { expect, test } from "vitest";
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
