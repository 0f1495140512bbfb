import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "../tools/repository.ts";
import { tryMutation } from "./try-mutation.ts";

let copy: string;
const source = "export const isEven = (n: number) => n % 2 === 0;\n";

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "paddock-mutation-"));
  symlinkSync(join(repositoryRoot, "node_modules"), join(copy, "node_modules"));
  mkdirSync(join(copy, "shared"));
  writeFileSync(join(copy, "shared/even.ts"), source);
  writeFileSync(
    join(copy, "shared/even.test.ts"),
    `import { expect, test } from "vitest";
    import { isEven } from "./even.ts";
    test("EXE-1 knows two", () => expect(isEven(2)).toBe(true));
    test("EXE-2 fails anyway", () => expect(isEven(2)).toBe(false));`,
  );
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function verdict(id: string, find: string, replace: string) {
  const mutation = { file: "shared/even.ts", find, replace };
  return tryMutation(copy, id, {
    enforcedBy: "shared/even.ts",
    test: "shared/even.test.ts",
    mutation,
  });
}

test("a mutation that the test notices is caught, and undone", { timeout: 60_000 }, async () => {
  expect(await verdict("EXE-1", "=== 0", "=== 1")).toBe("caught");
  expect(readFileSync(join(copy, "shared/even.ts"), "utf8")).toBe(source);
});

test("a mutation that changes nothing survives", { timeout: 60_000 }, async () => {
  expect(await verdict("EXE-1", "=== 0", "== 0")).toBe("survived");
});

test("a test that fails by itself proves nothing", { timeout: 60_000 }, async () => {
  expect(await verdict("EXE-2", "=== 0", "=== 1")).toBe("test_broken");
});

test("a control without a test of its name proves nothing", { timeout: 60_000 }, async () => {
  expect(await verdict("EXE-3", "=== 0", "=== 1")).toBe("test_broken");
});

test("a text that isn't there once can't be replaced", { timeout: 60_000 }, async () => {
  expect(await verdict("EXE-1", "n", "m")).toBe("not_applicable");
});

test("a mutation that can't even be loaded proves nothing", { timeout: 60_000 }, async () => {
  expect(await verdict("EXE-1", "=> n", "=> (n")).toBe("not_built");
});
