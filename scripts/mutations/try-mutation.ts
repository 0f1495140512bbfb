/** Breaks one promise in a copy of the tree and looks whether its test notices. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Control } from "../../test/controls.ts";
import { buildAll } from "../build/build-all.ts";
import { runVitest, type VitestResult } from "../tools/vitest-run.ts";

export type Verdict =
  /** The test failed, as it should. */
  | "caught"
  | "survived"
  /** Without the mutation the test doesn't pass, or none has that name. */
  | "test_broken"
  /** The text to replace isn't in the file exactly once. */
  | "not_applicable"
  /** With the mutation there is nothing to test: it doesn't even build. */
  | "not_built";

const unitTimeoutMs = 60_000;
const otherTimeoutMs = 300_000;

export function isUnitTest(path: string): boolean {
  return !/^test\/[^/]+\//.test(path);
}

/** Runs the tests named after `id`, without the mutation and with it. */
export async function tryMutation(copy: string, id: string, control: Control): Promise<Verdict> {
  const { file, find, replace } = control.mutation;
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  if (original.split(find).length !== 2) return "not_applicable";
  const before = await runTests(copy, id, control.test);
  if (before === null || before.failed > 0 || before.passed === 0) return "test_broken";
  // A function as the replacement, because `$&` and its kind have no meaning here.
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    const after = await runTests(copy, id, control.test);
    if (after === null || after.broken) return "not_built";
    return after.failed > 0 ? "caught" : "survived";
  } finally {
    writeFileSync(path, original);
  }
}

async function runTests(copy: string, id: string, test: string): Promise<VitestResult | null> {
  const unit = isUnitTest(test);
  if (!unit) {
    try {
      await buildAll(copy);
    } catch {
      return null;
    }
  }
  return runVitest({
    cwd: copy,
    args: [test, "--testNamePattern", `${id}\\b`],
    timeoutMs: unit ? unitTimeoutMs : otherTimeoutMs,
    shown: false,
  });
}
