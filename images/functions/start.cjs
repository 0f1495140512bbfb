/**
 * The functions' image starts here: FUNCTION_TARGET names the bundle that this process runs.
 */
const { readdirSync } = require("node:fs");
const { getCompileCacheDir } = require("node:module");
const { join } = require("node:path");

const folder = join(__dirname, "functions");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".cjs"))
  .map((file) => file.slice(0, -".cjs".length));
const target = process.env.FUNCTION_TARGET ?? "";

// A name of the list and no path: what isn't in the folder can't be reached by it.
if (names.includes(target)) {
  tellIfNothingIsCompiled();
  require(join(folder, `${target}.cjs`));
} else {
  const has = `this image has ${names.toSorted().join(", ")}.`;
  write("CRITICAL", `FUNCTION_TARGET is "${target}", which is no function: ${has}`);
  process.exitCode = 1;
}

/** Compiled code of a processor with other features isn't used: a start is slower then. */
function tellIfNothingIsCompiled() {
  const compiled = getCompileCacheDir();
  if (compiled === undefined) return;
  try {
    if (readdirSync(compiled).length > 0) return;
  } catch {
    // Not there is as good as empty.
  }
  write("NOTICE", "Nothing compiled fits this process: its start takes longer.");
}

function write(severity, message) {
  console.log(JSON.stringify({ severity, message }));
}
