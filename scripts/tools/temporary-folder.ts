import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endOnSignals } from "./start-child.ts";

/** A new folder that is gone when this process has ended, however it is asked to end. */
export function temporaryFolder(prefix: string): string {
  endOnSignals();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
