import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { BundleEntry } from "./entries.ts";

/**
 * Compiles every function of the code, evaluates it, and keeps what V8 made of it; the program's
 * `main` isn't called. In a process of its own and without settings: V8 takes back only what was
 * kept under the flags of the process that asks, which are the usual ones but for `lazy`.
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

/** Writes `<output>.code.cache` beside the code of each entry. @throws with what went wrong. */
export function compile(root: string, folder: string, entries: readonly BundleEntry[]): void {
  if (entries.length === 0) return;
  const paths = entries.map(({ output }) => join(root, folder, output));
  const { status, stderr } = spawnSync(process.execPath, ["--eval", program, "--", ...paths], {
    env: {},
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The runner's programs can't be compiled:\n${stderr}`);
}
