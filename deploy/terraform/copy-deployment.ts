/** Copies the configuration to run Terraform in, so that the checkout isn't changed. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";

/** Private files: state, plans, and the settings of a deployment. */
const ownFiles = /^(\.terraform|.*\.tfstate.*|.*\.tfplan|.*\.tfvars(\.json)?)$/;

/** Files outside `terraform/` that the configuration reads. */
function filesBeside(root: string): string[] {
  const lists = existsSync(join(root, "dist")) ? readdirSync(join(root, "dist")) : [];
  return [
    "firestore.indexes.json",
    "firestore.rules",
    ...lists.filter((name) => name.endsWith(".json")).map((name) => join("dist", name)),
  ].filter((path) => existsSync(join(root, path)));
}

/**
 * Copies `terraform/` and what it reads.
 *
 * @param options.localState whether the state is in the copy, whatever backend a root names
 * @returns the copy's folder, which is removed when this process ends
 */
export function copyDeployment(root: string, options: { readonly localState: boolean }): string {
  const copy = temporaryFolder("paddock-terraform-");
  cpSync(join(root, "terraform"), join(copy, "terraform"), {
    recursive: true,
    filter: (path) => !ownFiles.test(basename(path)) || path.endsWith(".tfvars.example"),
  });
  for (const path of filesBeside(root)) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  for (const folder of rootsIn(copy)) {
    if (!options.localState || !hasBackend(join(copy, folder))) continue;
    const text = 'terraform {\n  backend "local" {}\n}\n';
    writeFileSync(join(copy, folder, "backend_override.tf"), text);
  }
  return copy;
}

/** Folders to run Terraform in, relative to the repository: all that aren't modules. */
export function rootsIn(root: string): string[] {
  const top = join(root, "terraform");
  if (!existsSync(top)) return [];
  const folders = readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".tf"))
    .map((entry) => relative(root, entry.parentPath));
  return [...new Set(folders)]
    .filter((folder) => !/(^|\/)(modules|\.terraform)\//.test(`${folder}/`))
    .sort((a, b) => a.localeCompare(b, "en"));
}

function hasBackend(folder: string): boolean {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tf"))
    .some((name) => /^\s*backend "/m.test(readFileSync(join(folder, name), "utf8")));
}
