/** Builds `dist/`: a bundle per function and runner program, and the lists for Terraform. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, bundle } from "./bundle.ts";
import { bundleEntries, filesOf } from "./entries.ts";
import { fingerprint } from "./fingerprint.ts";
import { listFunctions } from "./function-list.ts";
import { listRunner } from "./runner-list.ts";

export interface BuildResult {
  /** False if `dist/` was up to date. */
  readonly built: boolean;
  readonly bundles: readonly Bundle[];
}

/**
 * Brings `dist/` of the repository at `root` up to date; does nothing if no input has changed.
 *
 * @throws {BuildError} if a function declares something wrong; esbuild's errors otherwise
 */
export async function buildAll(root: string): Promise<BuildResult> {
  const dist = join(root, "dist");
  const stampPath = join(dist, ".inputs");
  const entries = bundleEntries(root);
  const inputs = fingerprint(root);
  const bundled = entries.flatMap(filesOf);
  const outputs = ["functions.json", "runner.json", ...bundled];
  const complete = outputs.every((output) => existsSync(join(dist, output)));
  if (complete && existsSync(stampPath) && readFileSync(stampPath, "utf8") === inputs) {
    return { built: false, bundles: [] };
  }
  // Built aside and moved at once, so that a process that reads `dist/` never sees half of it.
  const aside = `dist.${process.pid}`;
  try {
    mkdirSync(join(root, aside), { recursive: true });
    const list = await listFunctions(root);
    const bundles = await bundle(root, aside, entries, list.functions);
    writeFileSync(join(root, aside, "functions.json"), asText(list));
    writeFileSync(join(root, aside, "runner.json"), asText(listRunner()));
    writeFileSync(join(root, aside, ".inputs"), inputs);
    rmSync(dist, { recursive: true, force: true });
    renameSync(join(root, aside), dist);
    return { built: true, bundles };
  } finally {
    rmSync(join(root, aside), { recursive: true, force: true });
  }
}

function asText(list: object): string {
  return `${JSON.stringify(list, null, 2)}\n`;
}
