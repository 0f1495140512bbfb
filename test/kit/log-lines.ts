/** Lines of a log that is still being written. */
import { readFileSync } from "node:fs";

/** Its complete lines; text after the last line break is still being written. */
export function wholeLines(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}
