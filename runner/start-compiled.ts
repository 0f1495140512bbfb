/**
 * `x.cjs`, which an image and a local cloud start as the program `x`. Its code is in `x.code.js`,
 * and V8's compiled form from the build is in `x.code.cache`. V8 accepts that for the same version,
 * flags and source length, and otherwise compiles the code.
 */
import { existsSync, readFileSync } from "node:fs";
import { constants, Script } from "node:vm";

interface Program {
  exports: { readonly main?: () => void };
}
type Wrapped = (module: Program, require: NodeJS.Require) => void;

const filename = __filename.replace(/\.cjs$/, ".code.js");
const cache = __filename.replace(/\.cjs$/, ".code.cache");
const script = new Script(readFileSync(filename, "latin1"), {
  filename,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  ...(existsSync(cache) && { cachedData: readFileSync(cache) }),
});
const program: Program = { exports: {} };
const evaluate: Wrapped = script.runInThisContext();
evaluate(program, require);
const { main } = program.exports;
if (main === undefined) throw new Error(`${filename} has no main.`);
main();
