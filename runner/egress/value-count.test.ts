import { expect, test } from "vitest";
import { ValueCount } from "./value-count.ts";

type End = ConstructorParameters<typeof ValueCount>[0];
const taken = (text: string, end: End = "answer") => new ValueCount(end).take(Buffer.from(text));
/** Two values each. */
const values = (count: number) => "[],".repeat(count / 2);

test("values count outside of texts, in whatever pieces they come", () => {
  expect(taken(values(25_000))).toBe(true);
  expect(taken(values(25_002))).toBe(false);
  expect(taken(`"${values(30_000)}"`)).toBe(true);
  expect(taken(`"\\"${values(30_000)}"`)).toBe(true);
  const count = new ValueCount("answer");
  const pieces = [`["\\`, `"`, values(30_000), `"`, values(20_000), values(10_000)];
  expect(pieces.map((piece) => count.take(Buffer.from(piece)))).toEqual([
    ...[true, true, true, true, true, false],
  ]);
});

test("a quote in one line hides nothing of the next", () => {
  expect(taken(`: it's "\n${values(30_000)}`)).toBe(false);
  expect(taken(`: "\r${values(30_000)}`)).toBe(false);
});

test.each([
  ["line", "\n", true],
  ["event", "\n", false],
  ["event", "\r\n", false],
  ["event", "\n\n", true],
  ["event", "\r\n\r\n", true],
  ["event", "\r\r", true],
  ["answer", "\n\n", false],
] as const)("per %s, what %j ends counts for itself: %s", (end, breaks, isTaken) => {
  expect(taken(`${values(20_000)}${breaks}`.repeat(3), end)).toBe(isTaken);
});
