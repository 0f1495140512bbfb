import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";

/** The product has no switch for it, so Node loads the shifted clock before the function. */
const program = join(import.meta.dirname, "shifted-clock.cjs");

/** The wall clock of some processes, which can be moved while they run. */
export class ShiftedClock {
  readonly #file = join(temporaryFolder("paddock-clock-"), "ahead-ms");

  /** Sets the clock to `epochMs`; it goes on from there. */
  set(epochMs: number): void {
    writeFileSync(this.#file, String(epochMs - Date.now()));
  }

  /** Settings for a process that is to use this clock. */
  settings(nodeOptions: string): Record<string, string> {
    const preloaded = `${nodeOptions} --require=${program}`.trim();
    return { NODE_OPTIONS: preloaded, TEST_CLOCK_FILE: this.#file };
  }
}
