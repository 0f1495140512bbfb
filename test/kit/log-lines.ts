/** Lines of a log that somebody still writes to. */
import { readFileSync } from "node:fs";

/** Its whole lines: what stands behind the last line break is still on its way. */
export function wholeLines(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}
