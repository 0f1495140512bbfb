/** Computes a digest of the images' sources, so that the same sources are never built twice. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

/** Everything that the Dockerfiles copy; tests and documents don't affect an image. */
export const imageInputs: readonly string[] = [
  "package.json",
  "package-lock.json",
  ".npmrc",
  "tsconfig.json",
  "cloudbuild.yaml",
  ".dockerignore",
  "functions",
  "images",
  "openapi",
  "runner",
  "scripts",
  "shared",
];
const gitOutputBytesMax = 16 * 1024 * 1024;

export interface Sources {
  /** The images' tag: `src-` and 16 hex characters of the digest. */
  readonly tag: string;
  readonly commit: string;
  /** The version in package.json. */
  readonly version: string;
}

export async function readSources(): Promise<Sources> {
  const listed = await git("ls-files", "-co", "--exclude-standard", "-z", "--", ...imageInputs);
  const digest = createHash("sha256");
  for (const path of [...new Set(listed.split("\0"))].sort()) {
    const isTest = /\.test\.m?ts$/.test(path);
    const bytes = isTest || path === "" ? null : await readIfThere(path);
    if (bytes === null) continue;
    digest.update(`${path} ${createHash("sha256").update(bytes).digest("hex")}\n`);
  }
  const changed = (await git("status", "--porcelain", "--", ...imageInputs)) !== "";
  const head = (await git("rev-parse", "HEAD")).trim();
  const described = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8"));
  const { version } = z.object({ version: z.string() }).parse(described);
  return {
    tag: `src-${digest.digest("hex").slice(0, 16)}`,
    commit: changed ? `${head}-changed` : head,
    version,
  };
}

/** Null for a file that was deleted but is still in the index. */
async function readIfThere(path: string): Promise<Buffer | null> {
  return await readFile(join(repositoryRoot, path)).catch(() => null);
}

async function git(...order: string[]): Promise<string> {
  const options = { cwd: repositoryRoot, maxBuffer: gitOutputBytesMax };
  return (await promisify(execFile)("git", order, options)).stdout;
}
