import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { BundleEntry } from "./entries.ts";

/**
 * Compiles and evaluates every function of the code and keeps V8's result, without calling the
 * program's `main`. It runs in its own process without settings, because V8 accepts the result only
 * under the same flags; these are the defaults except for `lazy`.
 */
const program = `
const { readFileSync, writeFileSync } = require("node:fs");
const { setFlagsFromString } = require("node:v8");
const { constants, Script } = require("node:vm");
for (const path of process.argv.slice(1)) {
  setFlagsFromString("--no-lazy");
  const script = new Script(readFileSync(path + ".code.js", "latin1"), {
    filename: path + ".code.js",
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  setFlagsFromString("--lazy");
  script.runInThisContext()({ exports: {} }, require);
  writeFileSync(path + ".code.cache", script.createCachedData());
}
process.exit(0);`;

/** Writes `<output>.code.cache` next to the code of each entry. @throws with what went wrong. */
export function compile(root: string, folder: string, entries: readonly BundleEntry[]): void {
  if (entries.length === 0) return;
  const paths = entries.map(({ output }) => join(root, folder, output));
  const { status, stderr } = spawnSync(process.execPath, ["--eval", program, "--", ...paths], {
    env: {},
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The runner's programs can't be compiled:\n${stderr}`);
}
