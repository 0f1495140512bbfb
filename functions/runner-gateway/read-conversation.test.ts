import { describe, expect, test } from "vitest";
import { historyLengthMax, historyTextMax } from "#shared/protocol/language-model";
import { fittingTexts, historyOf } from "./read-conversation.ts";

/** Messages, newest first, as the database gives them. */
const messages = (count: number, length = 1) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ id: `msg_${index}`, role: index % 2 === 0 ? ("assistant" as const) : ("user" as const) },
    content: `${index} `.padEnd(length, "x"),
  }));

describe("what a model is told of its thread", () => {
  test("is everything if it fits, oldest first and without other fields", () => {
    expect(historyOf(messages(2), true)).toEqual({
      history: [
        { role: "user", content: "1 " },
        { role: "assistant", content: "0 " },
      ],
      isHistoryCut: false,
    });
  });

  test("is the newest messages up to a number, and says that there are more", () => {
    const { history, isHistoryCut } = historyOf(messages(historyLengthMax + 1), true);
    expect(history).toHaveLength(historyLengthMax);
    expect(history.at(-1)?.content).toBe("0 ");
    expect(isHistoryCut).toBe(true);
    expect(historyOf(messages(2), false).isHistoryCut).toBe(true);
  });

  test("is the newest messages up to a size, without a gap", () => {
    const { history, isHistoryCut } = historyOf(messages(3, historyTextMax / 2), true);
    expect(history.map(({ content }) => content.slice(0, 2))).toEqual(["1 ", "0 "]);
    expect(isHistoryCut).toBe(true);
  });
});

test("SEC-2 of an environment's documentation a model is told whole texts, up to a size", () => {
  const texts = Array.from({ length: 4 }, (_, index) => `${index}`.repeat(50_000));
  const told = "(Left out for want of room: 2 of 4 texts.)";
  expect(fittingTexts(texts)).toEqual([...texts.slice(0, 2), told]);
  expect(fittingTexts(["a", "b"])).toEqual(["a", "b"]);
});
