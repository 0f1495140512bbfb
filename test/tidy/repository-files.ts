/** The repository's files, so that a rule can't miss a folder that nobody listed. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const madeByCommands = new Set(["node_modules", "dist"]);

/**
 * Paths of all files below `root`, relative to it, with `/`. Hidden folders and what commands make
 * are left out. It doesn't ask git, since mutations are tried in copies that git doesn't know.
 */
export function repositoryFiles(root: string, folder = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && !madeByCommands.has(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? repositoryFiles(root, path) : [path];
    });
}
