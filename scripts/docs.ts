/** `npm run docs`: writes the generated pages; with `--check`, only says which are outdated. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import colours from "picocolors";
import { renderDocuments } from "./docs/documents.ts";
import { readOptions } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

const { check } = readOptions(
  `
npm run docs -- [options]: writes the generated pages

  --check   only say which are outdated; exit code 1 if one is`,
  { check: { type: "boolean", default: false } },
);
for (const { path, text, current } of await renderDocuments(repositoryRoot)) {
  if (current) console.log(`${colours.green("✓")} ${path} ${colours.dim("current")}`);
  else if (check) {
    console.log(`${colours.red("✗")} ${path} is outdated: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(join(repositoryRoot, path), text);
    console.log(`${colours.green("✓")} ${path} ${colours.dim("written")}`);
  }
}
