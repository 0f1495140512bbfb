import { describe, expect, test } from "vitest";
import { findUncheckedWaits, findVainMatches } from "./assert-rules.ts";
import { parseSource } from "./source-file.ts";

describe("findVainMatches()", () => {
  const found = (text: string) => findVainMatches(parseSource("test/a.test.ts", text));

  test.each([
    "expect(meter).toMatchObject({ calls: {}, count: 1 });",
    "expect(meter).toMatchObject({});",
    "expect(await read()).toMatchObject([{ a: { b: {} } }]);",
    "await expect(read()).resolves.toMatchObject({ a: {} });",
  ])("refuses: %s", (text) => {
    expect(found(text)).toHaveLength(1);
  });

  test.each([
    "expect(meter.calls).toEqual({});",
    "expect(meter).toMatchObject({ calls: [], count: 1 });",
    "expect(meter).toMatchObject({ calls: { a: expect.anything() } });",
    "expect(meter).toMatchObject(wanted({}));",
    "expect(list).toMatchObject({ data: [{ open: true }, {}] });",
  ])("allows: %s", (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe("findUncheckedWaits()", () => {
  const found = (path: string, text: string) => findUncheckedWaits(parseSource(path, text));

  test("refuses a wait whose outcome nobody looks at", () => {
    expect(found("test/a.test.ts", "await pollUntil(() => isOver, 1_000);")).toHaveLength(1);
  });

  test.each([
    ["test/a.test.ts", "expect(await pollUntil(() => isOver, 1_000)).toBe(true);"],
    ["test/a.test.ts", "const hasEnded = await pollUntil(isOver, 1_000);"],
    ["local/run/container.ts", "await pollUntil(() => isOver, 1_000);"],
  ])("allows in %s: %s", (path, text) => {
    expect(found(path, text)).toEqual([]);
  });
});
