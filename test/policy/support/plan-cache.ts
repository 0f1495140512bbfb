/**
 * Caches plans: planning is slow, and the same files, settings and provider give the same plan. The
 * last few are kept next to the packages.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { repositoryRoot } from "../../../scripts/tools/repository.ts";

const folder = join(repositoryRoot, "node_modules", ".cache", "paddock-plans");
const plansMax = 48;

/** A digest of every file below `copy`, and of what reads them. */
export function digestOf(copy: string, reader: string): string {
  const digest = createHash("sha256").update(reader);
  for (const path of filesBelow(copy)) {
    digest.update(`${relative(copy, path)}\n`).update(readFileSync(path));
  }
  return digest.digest("hex");
}

function filesBelow(copy: string): string[] {
  return readdirSync(copy, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
}

/** A plan's cache key: its settings and its files. */
export function questionOf(inputs: string, plan: object): string {
  return createHash("sha256").update(inputs).update(JSON.stringify(plan)).digest("hex");
}

/** @returns the file with an earlier plan for the same key, or null */
export function recall(question: string): string | null {
  const path = join(folder, question);
  return existsSync(path) ? path : null;
}

/** @returns the file that it is stored in */
export function keep(question: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, question);
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
  const kept = readdirSync(folder).map((file) => join(folder, file));
  const newestFirst = kept
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const { file } of newestFirst.slice(plansMax)) rmSync(file, { force: true });
  return path;
}
