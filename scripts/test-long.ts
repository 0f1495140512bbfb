/** `npm run test:long`: every row of every table, at full counts. */
import colours from "picocolors";
import { commitId } from "./tools/commit.ts";
import { shareCompiledCode } from "./tools/compile-cache.ts";
import { formatDuration } from "./tools/format.ts";
import { readArguments, refuse } from "./tools/options.ts";
import { printFailures, printSummary } from "./tools/summary.ts";
import { addUp, buildPart, type PartName, partNames, parts } from "./tools/test-parts.ts";

const usage = `
npm run test:long -- [part …]: all kill points, outages, deployments both ways, volumes, every
mutation, every one of Terraform's tests, property tests at full counts. An hour or two.

  ${partNames.join(", ")}
  --help   this text

PADDOCK_SEED=7 draws what another run with that seed drew; else the commit chooses the seed.`;

const asked = readArguments(usage, {}).positionals;
const chosen = asked.length === 0 ? partNames : asked.map(readPart);
process.env.PADDOCK_LONG = "1";
commitId();
shareCompiledCode();
const startedAt = performance.now();
const summaries = [await buildPart()];
if (summaries[0]?.failed === 0) {
  // One after another, because counts are full and memory measurements need the machine alone.
  for (const name of chosen) {
    console.log(`\n${colours.bold(name)}`);
    const summary = await parts[name]("long");
    // The end is far away; there, they come once more.
    if (name !== chosen.at(-1)) printFailures(summary);
    summaries.push(summary);
  }
}
const total = addUp(summaries);
console.log(`\n${colours.dim(`in ${formatDuration(performance.now() - startedAt)}`)}`);
printSummary(total);
process.exitCode = total.failed > 0 ? 1 : 0;

function readPart(word: string): PartName {
  return (
    partNames.find((name) => name === word) ??
    refuse(`There is no part "${word}", only ${partNames.join(", ")}.`)
  );
}
