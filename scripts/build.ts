/** `npm run build`: see `build/build-all.ts`. */
import colours from "picocolors";
import { buildAll } from "./build/build-all.ts";
import { BuildError } from "./build/function-list.ts";
import { formatBytes, formatDuration } from "./tools/format.ts";
import { readOptions } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { showWorking } from "./tools/working.ts";

readOptions(
  `
npm run build: bundles functions, front and runner into dist/, with their lists; it has no options`,
  {},
);
const startedAt = performance.now();
const done = showWorking("bundling");
try {
  const { built, bundles } = await buildAll(repositoryRoot).finally(done);
  const width = Math.max(...bundles.map(({ output }) => output.length), 0);
  for (const { output, bytes } of bundles) {
    console.log(`  ${output.padEnd(width)}  ${formatBytes(bytes).padStart(8)}`);
  }
  const took = formatDuration(performance.now() - startedAt);
  const what = built ? `${bundles.length} bundles` : "dist/ is up to date";
  console.log(`${colours.green("✓")} ${what} ${colours.dim(`in ${took}`)}`);
} catch (error) {
  // esbuild has printed its own messages by now.
  if (error instanceof BuildError) console.error(`${colours.red("✗")} ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
}
