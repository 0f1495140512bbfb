/** The end of a test run: each failure whole, then one line that counts. */
import colours from "picocolors";

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The first line of each says where. */
  readonly failures: readonly string[];
}

/** Failures first, so that the closing line stays in sight. */
export function printSummary({ passed, failed, skipped, failures }: Summary): void {
  for (const failure of failures) {
    const [place = "", ...rest] = failure.split("\n");
    console.log(`\n${colours.red("✗")} ${colours.bold(place)}`);
    console.log(rest.map((line) => `    ${line}`).join("\n"));
  }
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`\n${passed} passed, ${failed} failed${tail}`);
}
