// @module-tag slow
/** What docs/scale.md says of a day is what the simulation computes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { isLong, sharedOut } from "../test/kit/shard.ts";
import { withSection } from "./pages.ts";
import { columns, resultLines } from "./results-section.ts";

const path = join(repositoryRoot, "docs/scale.md");
/** All of them take ten seconds of CPU, so the short form plays one of these two. */
const usual = ["--scale 10", "--scale 100 --regions 10"];

if (process.env.PADDOCK_WRITE_DOCS) {
  const names = ["today", "answers"] as const;
  const text = names.reduce(
    (before, name) => withSection(before, { name, lines: resultLines(name) }),
    readFileSync(path, "utf8"),
  );
  writeFileSync(path, text);
}

/** The cells below a table's heading, in the section between its marks. */
function columnOf(section: string, options: string): readonly string[] {
  const text = readFileSync(path, "utf8");
  const lines =
    text.split(`<!-- begin: ${section} -->`)[1]?.split("<!-- end:")[0]?.split("\n") ?? [];
  const rows = lines
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const index = rows[0]?.indexOf(`\`${options}\``) ?? -1;
  return rows.slice(1).map((row) => row[index] ?? "");
}

const all = [
  ...columns.today.map((column) => ({ section: "today", ...column })),
  ...columns.answers.map((column) => ({ section: "answers", ...column })),
];
const played = isLong
  ? all
  : sharedOut(
      all.filter(({ options }) => usual.includes(options)),
      2,
    );

test.each(played)(
  "docs/scale.md has the numbers of $options",
  {
    timeout: 60_000,
  },
  ({ section, options, figures }) => {
    const said = columnOf(section, options);
    expect(said.length, "PADDOCK_WRITE_DOCS=1 npm test -- sim/results").toBeGreaterThan(10);
    expect(said).toEqual(figures());
  },
);
