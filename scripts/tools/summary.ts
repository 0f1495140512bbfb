/** The end of a test run: each complete failure, then one line that counts. */
import colours from "picocolors";

/** A test that compares megabytes mustn't print them. */
const linesMax = 120;
const columnsMax = 400;

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Each one's first line says where it is. */
  readonly failures: readonly string[];
}

/** Failures come first, so that the closing line stays visible. */
export function printSummary(summary: Summary): void {
  const { passed, failed, skipped } = summary;
  printFailures(summary);
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`\n${passed} passed, ${failed} failed${tail}`);
}

export function printFailures({ failures }: Pick<Summary, "failures">): void {
  for (const failure of failures) {
    const [place = "", ...rest] = failure.split("\n");
    console.log(`\n${colours.red("✗")} ${colours.bold(place)}`);
    for (const line of rest.slice(0, linesMax)) console.log(`    ${line.slice(0, columnsMax)}`);
    if (rest.length > linesMax) console.log(`    … and ${rest.length - linesMax} lines more`);
  }
}
