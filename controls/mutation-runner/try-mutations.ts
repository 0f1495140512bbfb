/** Breaks promises one by one in a copy of the tree, and checks that their tests notice. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stop } from "esbuild";
import { buildAll } from "../../scripts/build/build-all.ts";
import { runVitest, type VitestResult } from "../../scripts/tools/vitest-run.ts";
import type { Control } from "../control.ts";

export type MutationVerdict =
  /** The test failed, as it should. */
  | "caught"
  | "survived"
  /** The test fails without the mutation too, or no test has that name. */
  | "test_broken"
  /** The text to replace isn't in the file exactly once. */
  | "not_applicable"
  /** The mutated tree doesn't build, or its run ended before a test could fail. */
  | "not_built";

/** A promise's verdict; of one that wasn't tried as it should, what the run said. */
export type Tried = readonly [id: string, verdict: MutationVerdict, said: readonly string[]];

/** The id is the promise's, as in `controls/controls.ts`. */
export type NamedControl = readonly [id: string, control: Control];

const unitTimeoutMs = 60_000;
const otherTimeoutMs = 300_000;
/** The unbroken tree's run covers the tests of all promises at once. */
const unbrokenTimeoutMs = 1_200_000;

export function isUnitTest(path: string): boolean {
  return !/^test\/(?!tidy\/)[^/]+\//.test(path);
}

/**
 * Runs the tests named after the promises once in the unbroken tree, then each with its mutation.
 *
 * @param copy A tree that may be changed; each mutation is undone before the next.
 * @returns The verdicts as they come, in the order of `controls`.
 */
export async function* tryMutations(
  copy: string,
  controls: readonly NamedControl[],
): AsyncGenerator<Tried> {
  const applicable = controls.filter(([, control]) => isApplicable(copy, control));
  const unbroken = await runTests(copy, applicable, unbrokenTimeoutMs);
  for (const named of controls) {
    const [id, control] = named;
    if (!applicable.includes(named)) yield [id, "not_applicable", []];
    else if (!unbroken || !passes(unbroken, named)) {
      yield [id, "test_broken", failuresOf(unbroken, control)];
    } else yield await tryMutation(copy, id, control);
  }
}

function isApplicable(copy: string, { mutation: { file, find } }: Control): boolean {
  return readFileSync(join(copy, file), "utf8").split(find).length === 2;
}

function passes({ tests }: VitestResult, [id, { test }]: NamedControl): boolean {
  const own = tests.filter(({ file, name }) => file === test && patternOf([id]).test(name));
  return (
    own.some(({ state }) => state === "passed") && own.every(({ state }) => state !== "failed")
  );
}

/** What its test's file said; the unbroken run has many others. */
function failuresOf(unbroken: VitestResult | null, { test }: Control): readonly string[] {
  return unbroken?.failures.filter((failure) => failure.includes(test)) ?? ["It doesn't build."];
}

async function tryMutation(copy: string, id: string, control: Control): Promise<Tried> {
  const { file, find, replace } = control.mutation;
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  // A function, because `$&` and the like have a meaning in a replacement string.
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    const timeoutMs = isUnitTest(control.test) ? unitTimeoutMs : otherTimeoutMs;
    // One failure is enough, and a broken promise may have every test wait for minutes.
    const broken = await runTests(copy, [[id, control]], timeoutMs, ["--bail", "1"]);
    if (broken === null) return [id, "not_built", ["It doesn't build."]];
    if (broken.broken) return [id, "not_built", broken.failures];
    return [id, broken.failed > 0 ? "caught" : "survived", []];
  } finally {
    writeFileSync(path, original);
  }
}

function patternOf(ids: readonly string[]): RegExp {
  return new RegExp(`\\b(${ids.join("|")})\\b`);
}

async function runTests(
  copy: string,
  controls: readonly NamedControl[],
  timeoutMs: number,
  more: readonly string[] = [],
): Promise<VitestResult | null> {
  const files = [...new Set(controls.map(([, { test }]) => test))];
  if (files.some((file) => !isUnitTest(file))) {
    try {
      await buildAll(copy);
    } catch {
      return null;
    } finally {
      // Else esbuild's process keeps what it has parsed for each mutation: gigabytes.
      await stop();
    }
  }
  const pattern = patternOf(controls.map(([id]) => id)).source;
  const args = [...files, "--testNamePattern", pattern, ...more];
  return await runVitest({ cwd: copy, args, timeoutMs, shown: false });
}
