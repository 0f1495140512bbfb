// @module-tag slow
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "./repository.ts";
import { runVitest, type VitestResult } from "./vitest-run.ts";

let folder: string;

async function run(...files: string[]): Promise<VitestResult> {
  return await runVitest({ cwd: folder, args: files, timeoutMs: 30_000, shown: false });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "paddock-run-"));
  symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
  const quiet = join(repositoryRoot, "test", "kit", "quiet-setup.ts");
  writeFileSync(
    join(folder, "vitest.config.mjs"),
    `export default { test: { setupFiles: [${JSON.stringify(quiet)}] } };`,
  );
  const imports = 'import { expect, test } from "vitest";\n';
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, `${name}.test.ts`), `${imports}${text}`);
  };
  write(
    "mixed",
    `test("passes", () => console.log("of no interest"));
    test.skip("is left out", () => undefined);
    test("fails", () => {
      console.log("said before it failed");
      process.stdout.write("logged before it failed\\n");
      expect({ a: 1 }).toEqual({ a: 2 });
    });`,
  );
  write("leaks", 'test("passes", () => void Promise.reject(new Error("nobody waits for it")));');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("counts tests, and reports a failure with its test's output", {
  timeout: 60_000,
}, async () => {
  const { failures, passed, failed, skipped, broken } = await run("mixed");
  expect({ passed, failed, skipped, broken }).toEqual({
    ...{ passed: 1, failed: 1, skipped: 1, broken: false },
  });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(/^mixed\.test\.ts > fails\nAssertionError: expected/);
  expect(failures[0]).toContain("said before it failed");
  expect(failures[0]).toContain("logged before it failed");
  expect(failures[0]).not.toContain("of no interest");
});

test("a run without a failed test that ends badly counts as one failure", {
  timeout: 60_000,
}, async () => {
  const { failures, passed, failed, broken } = await run("leaks");
  expect({ passed, failed, broken }).toEqual({ passed: 1, failed: 1, broken: true });
  expect(failures[0]).toMatch(
    /^leaks\.test\.ts, outside of any test.*\nError: nobody waits for it/,
  );
});

test("a failing set-up is reported with its reason, although no test failed", {
  timeout: 60_000,
}, async () => {
  writeFileSync(
    join(folder, "vitest.config.mjs"),
    'export default { test: { globalSetup: ["./set-up.mjs"] } };',
  );
  writeFileSync(
    join(folder, "set-up.mjs"),
    'export function setup() { throw new Error("the cloud is closed today"); }',
  );
  const { failures, failed, broken } = await run("mixed", "--config=vitest.config.mjs");
  expect({ failed, broken }).toEqual({ failed: 1, broken: true });
  expect(failures.join("\n")).toContain("the cloud is closed today");
});
