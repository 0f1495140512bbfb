import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of package.json, seen from the sources as well as from the bundle. */
export function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("package.json is in no folder above this one");
    folder = parent;
  }
  return folder;
}
