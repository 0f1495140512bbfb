// @module-tag slow
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { type MutationVerdict, type Tried, tryMutations } from "./try-mutations.ts";

let copy: string;
const source = "export const isEven = (n: number) => n % 2 === 0;\n";

/** A mutation of the source, and the verdict that it must get. */
const cases: readonly (readonly [id: string, find: string, replace: string, MutationVerdict])[] = [
  ["EXE-1", "=== 0", "=== 1", "caught"],
  // It changes nothing.
  ["EXE-1", "=== 0", "== 0", "survived"],
  // Its test fails by itself.
  ["EXE-2", "=== 0", "=== 1", "test_broken"],
  // No test has its name.
  ["EXE-3", "=== 0", "=== 1", "test_broken"],
  // The text occurs more than once.
  ["EXE-1", "n", "m", "not_applicable"],
  // It can't even be loaded.
  ["EXE-1", "=> n", "=> (n", "not_built"],
];
const reasons: Partial<Record<MutationVerdict, RegExp>> = {
  test_broken: /EXE-2 fails anyway/,
  not_built: /even\.ts/,
};
const verdicts: Tried[] = [];

beforeAll(async () => {
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
  const controls = cases.map(([id, find, replace]) => {
    const mutation = { file: "shared/even.ts", find, replace };
    return [id, { enforcedBy: "shared/even.ts", test: "shared/even.test.ts", mutation }] as const;
  });
  for await (const verdict of tryMutations(copy, controls)) verdicts.push(verdict);
}, 60_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test.each(cases.map((row, index) => [index, ...row] as const))(
  "case %i: %s with %j for %j is %s",
  (index, id, find, replace, expected) => {
    const [of, verdict, said = []] = verdicts[index] ?? [];
    expect([find, replace, of, verdict]).toEqual([find, replace, id, expected]);
    // Who reads that a mutation wasn't tried wants to know why.
    expect(said.join("")).toMatch(reasons[expected] ?? /^$/);
  },
);

test("every mutation is undone", () => {
  expect(readFileSync(join(copy, "shared/even.ts"), "utf8")).toBe(source);
});
