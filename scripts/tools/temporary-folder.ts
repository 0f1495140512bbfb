import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endOnSignals } from "./start-child.ts";

const folders = new Set<string>();

/** A new folder that is removed when this process ends, however it is asked to end. */
export function temporaryFolder(prefix: string): string {
  endOnSignals();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  if (folders.size === 0) process.once("exit", removeAll);
  folders.add(folder);
  return folder;
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
