/**
 * Attempts to get out of a real sandbox. Each must fail behind its walls, in the mode that the
 * commit chooses, and work without them; otherwise it proves nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attempts } from "./attempts/attempts.ts";
import { type Result, tableOf, tryAll } from "./support/results.ts";
import { Cell } from "./support/run-cell.ts";

const attemptsMin = 60;
let cell: Cell;
let results: readonly Result[] = [];

beforeAll(async () => {
  cell = await Cell.open();
  results = await tryAll(cell, attempts);
}, 240_000);

afterAll(async () => {
  console.log(tableOf(results));
  await cell.close();
});

describe.each(["EXE-2", "EXE-3", "EXE-4", "EXE-5", "EXE-6", "EXE-7", "NET-3"])(
  "%s against an attacker inside",
  expectContained,
);

describe("EXE-9 against a neighbour on the same machine", () => expectContained("EXE-9"));

/** Expects containment behind all walls and behind each alone, and an escape without them. */
function expectContained(control: string): void {
  const own = attempts.filter((attempt) => attempt.control === control);

  test.each(own)("$name", ({ name }) => {
    const result = results.find(({ attempt }) => attempt.name === name);
    for (const [mode, outcome] of result?.contained ?? []) {
      expect(outcome, `mode ${mode}`).toMatchObject({ result: "contained" });
    }
    for (const [wall, outcome] of result?.alone ?? []) {
      expect(outcome, `behind ${wall} alone`).toMatchObject({ result: "contained" });
    }
    expect(result?.freed, `without its walls: ${result?.freed.printed}`).toMatchObject({
      result: "escaped",
    });
  });
}

describe("the attempts", () => {
  test("are many, each of a name and under a control of its own", () => {
    expect(attempts.length).toBeGreaterThanOrEqual(attemptsMin);
    expect(new Set(attempts.map(({ name }) => name)).size).toBe(attempts.length);
  });
});
