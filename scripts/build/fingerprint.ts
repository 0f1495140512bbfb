/** Tells whether a build would change anything: a digest of everything that goes into it. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const inputs = [
  "functions",
  "shared",
  "runner",
  "openapi",
  "scripts/build",
  "scripts/build.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
];

/** Hex SHA-256 over names and contents of the build's inputs, without tests. */
export function fingerprint(root: string): string {
  const digest = createHash("sha256").update(process.version);
  for (const input of inputs) {
    for (const path of filesUnder(join(root, input))) {
      const content = createHash("sha256").update(readFileSync(path)).digest("hex");
      digest.update(`${relative(root, path)} ${content}\n`);
    }
  }
  return digest.digest("hex");
}

function filesUnder(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
