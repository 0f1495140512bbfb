/** The names of all functions: each is a folder of `functions/`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

export function functionNames(): readonly string[] {
  const entries = readdirSync(join(repositoryRoot, "functions"), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
