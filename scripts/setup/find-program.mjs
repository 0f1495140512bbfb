import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** @returns {string | null} the program's path, as the shell would find it */
export function findProgram(name, environment = process.env) {
  for (const folder of (environment.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
