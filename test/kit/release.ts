/** The bundles of an earlier release, built from this repository's history. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

const run = promisify(execFile);
const cacheFolder = join(repositoryRoot, "node_modules/.cache/paddock-releases");

/** Whether this checkout's history reaches back that far. */
export async function isInHistory(commit: string): Promise<boolean> {
  return await run("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: repositoryRoot }).then(
    () => true,
    () => false,
  );
}

/**
 * The folder with the bundles of `commit`, which are built if missing, with today's packages.
 * @returns a folder like `dist`.
 */
export async function bundlesOf(commit: string): Promise<string> {
  const kept = join(cacheFolder, commit);
  if (existsSync(kept)) return kept;
  // Outside of node_modules, where Node doesn't run TypeScript.
  const aside = await mkdtemp(join(tmpdir(), "paddock-release-"));
  try {
    const archive = join(aside, "release.tar");
    await run("git", ["archive", "--output", archive, commit], { cwd: repositoryRoot });
    await run("tar", ["-xf", archive, "-C", aside]);
    await symlink(join(repositoryRoot, "node_modules"), join(aside, "node_modules"));
    await run(process.execPath, ["scripts/build.ts"], { cwd: aside });
    await useEarlierModes(join(aside, "dist/runner/launcher.cjs"));
    await mkdir(cacheFolder, { recursive: true });
    const half = `${kept}.${process.pid}`;
    await cp(join(aside, "dist"), half, { recursive: true });
    await rename(half, kept);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return kept;
}

/**
 * A deployment's runner chooses the sandbox's mode itself. A local cloud may name it, and the one
 * that runs the tests uses today's names, which an earlier launcher doesn't know.
 */
async function useEarlierModes(launcher: string): Promise<void> {
  const names = JSON.stringify({ userns: "A", setpriv: "B" });
  const translate =
    `if (process.env.PADDOCK_SANDBOX_MODE) process.env.PADDOCK_SANDBOX_MODE = ` +
    `(${names})[process.env.PADDOCK_SANDBOX_MODE];\n`;
  await writeFile(launcher, translate + (await readFile(launcher, "utf8")));
}

/** Copies one function's bundle, or `runner` with its three, from one `dist` into another. */
export async function install(part: string, from: string, to: string): Promise<void> {
  const files =
    part === "runner"
      ? ["init", "launcher", "supervisor"].map((program) => `runner/${program}`)
      : [`functions/${part}`];
  for (const file of files.flatMap((name) => [`${name}.cjs`, `${name}.cjs.map`])) {
    await cp(join(from, file), join(to, file));
  }
}
