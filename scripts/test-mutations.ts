/** `npm run test:mutations`: see `usage`. */
import colours from "picocolors";
import { controls } from "../controls/controls.ts";
import { deploymentControls } from "../controls/deployment.ts";
import { documentControls } from "../controls/documents.ts";
import { copyTree } from "../controls/mutation-runner/tree-copy.ts";
import { isUnitTest, tryMutations } from "../controls/mutation-runner/try-mutations.ts";
import { formatDuration } from "./tools/format.ts";
import { readArguments, refuse } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { isInShare, parseShare } from "./tools/shard.ts";

const usage = `
npm run test:mutations -- [control …]: breaks every promise of controls/controls.ts and of its
counterparts for the deployment and for documents once, and expects the test named after it to fail.
Words name controls, such as EXE-3.

  --only light  those whose test is a unit test, which needs neither a cloud nor a plan
  --share 2/8   the second eighth of them`;
const { values, positionals } = readArguments(usage, {
  share: { type: "string", default: "1/1" },
  only: { type: "string" },
});
const chosen = chooseControls(values.share);
// The row that notices may be one that the commit would leave out.
process.env.PADDOCK_EVERY_ROW = "1";
// A test that notices only at full counts would let the short run pass without its promise.
delete process.env.PADDOCK_LONG;
if (chosen.length === 0) console.log("No mutation to try here.");
else await tryAll();

function chooseControls(share: string) {
  const wanted = parseShare(share);
  if (!wanted) refuse(`--share reads like 2/8, not ${share}.`);
  return [
    ...Object.entries(controls),
    ...Object.entries(deploymentControls),
    ...Object.entries(documentControls),
  ]
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .filter(([id]) => positionals.length === 0 || positionals.includes(id))
    .filter(([, { test }]) => isAskedFor(test))
    .filter((_, position) => isInShare(position, wanted));
}

function isAskedFor(test: string): boolean {
  if (values.only === undefined) return true;
  if (values.only !== "light") refuse("--only knows light alone.");
  return isUnitTest(test);
}

async function tryAll(): Promise<void> {
  const copy = copyTree(repositoryRoot);
  // A promise with several proofs occurs several times, so the verdicts' order tells which it was.
  const files = chosen.map(([, { mutation }]) => mutation.file);
  let startedAt = performance.now();
  for await (const [id, verdict, said] of tryMutations(copy, chosen)) {
    const took = formatDuration(performance.now() - startedAt);
    startedAt = performance.now();
    const mark = verdict === "caught" ? colours.green("✓") : colours.red("✗");
    const where = colours.dim(`${files.shift()}, ${took}`);
    console.log(`  ${mark} ${id.padEnd(7)} ${verdict.replaceAll("_", " ").padEnd(14)} ${where}`);
    for (const text of said) console.log(text.replaceAll(/^/gm, "      "));
    if (verdict !== "caught") process.exitCode = 1;
  }
}
