import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";

/** The product has no switch for it: Node loads what moves the clock before the function. */
const program = join(import.meta.dirname, "shifted-clock.cjs");

/** The wall clock of some processes, which may be moved while they run. */
export class ShiftedClock {
  readonly #file = join(temporaryFolder("paddock-clock-"), "ahead-ms");

  /** It shows `epochMs` now, and goes on from there. */
  set(epochMs: number): void {
    writeFileSync(this.#file, String(epochMs - Date.now()));
  }

  /** For a process that is to live by it. */
  settings(nodeOptions: string): Record<string, string> {
    const preloaded = `${nodeOptions} --require=${program}`.trim();
    return { NODE_OPTIONS: preloaded, TEST_CLOCK_FILE: this.#file };
  }
}
