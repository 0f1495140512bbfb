import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findControlFaults } from "./control-status.ts";

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "paddock-controls-"));
  mkdirSync(join(root, "shared"));
  writeFileSync(join(root, "shared/hold.ts"), "if (amount > spendable) refuse();\n");
  writeFileSync(
    join(root, "shared/hold.test.ts"),
    'describe("BUD-3 can\'t be overspent", () => {});\ntest.each([1])("BUD-30 else", () => {});',
  );
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const kept = {
  enforcedBy: "shared/hold.ts",
  test: "shared/hold.test.ts",
  mutation: { file: "shared/hold.ts", find: "amount > spendable", replace: "false" },
};

describe("findControlFaults()", () => {
  test("finds nothing wrong with a promise that is kept", () => {
    expect(findControlFaults(root, "BUD-3", kept)).toEqual([]);
  });

  test("wants a test of exactly that name", () => {
    expect(findControlFaults(root, "BUD-30", kept)).toEqual([]);
    expect(findControlFaults(root, "BUD-4", kept)).toEqual([
      'shared/hold.test.ts has no test named "BUD-4 …"',
    ]);
  });

  test("wants the files to exist", () => {
    const moved = { ...kept, enforcedBy: "shared/gone.ts", test: "shared/gone.test.ts" };
    expect(findControlFaults(root, "BUD-3", moved)).toEqual([
      "shared/gone.ts doesn't exist",
      "shared/gone.test.ts doesn't exist",
    ]);
  });

  test("wants the mutation's text exactly once", () => {
    const mutation = { ...kept.mutation, find: "e" };
    expect(findControlFaults(root, "BUD-3", { ...kept, mutation })[0]).toMatch(/occurs \d+ times/);
    const none = { ...kept.mutation, find: "amount < spendable" };
    expect(findControlFaults(root, "BUD-3", { ...kept, mutation: none })[0]).toMatch(/0 times/);
  });
});
