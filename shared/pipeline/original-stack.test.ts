import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { originalStack } from "./original-stack.ts";

const folder = mkdtempSync(join(tmpdir(), "paddock-stack-"));
const bundle = join(folder, "agents.cjs");
afterAll(() => rmSync(folder, { recursive: true }));

/** Maps the bundle's line 1, column 10 to line 7, column 3 of the source. */
const map = { version: 3, sources: ["../shared/a.ts"], names: [], mappings: "SAME" };

test("a position in a bundle is told as the one in its source", () => {
  writeFileSync(`${bundle}.map`, JSON.stringify(map));
  expect(originalStack(`Error: no\n    at f (${bundle}:1:10)`)).toBe(
    "Error: no\n    at f (../shared/a.ts:7:3)",
  );
});

test("a position without a map stays as it is", () => {
  const stack = `Error: no\n    at f (${bundle}.other.cjs:1:12)\n    at node:internal/x:3:4`;
  expect(originalStack(stack)).toBe(stack);
});
