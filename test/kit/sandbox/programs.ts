/** The runner's programs as they are deployed, optionally with one change to their sources. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { lateModules } from "../../../scripts/build/entries.ts";
import { withLateModules } from "../../../scripts/build/late-modules.ts";

const root = join(import.meta.dirname, "../../..");
const prefix = "paddock-runner-";
const built = new Map<string, Promise<string>>();
/** A replacement in one source file; `find` must occur there exactly once. */
export interface Alteration {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** @returns The folder of the three programs, built once per test file and set of changes. */
export function runnerPrograms(...alterations: readonly Alteration[]): Promise<string> {
  const key = JSON.stringify(alterations);
  const known = built.get(key) ?? bundle(alterations);
  built.set(key, known);
  return known;
}

async function bundle(alterations: readonly Alteration[]): Promise<string> {
  sweepTheDead();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  await build({
    absWorkingDir: root,
    entryPoints: [
      ...["launcher", "supervisor", "init"].map((name) => ({ in: `runner/${name}.ts`, out: name })),
      ...Object.entries(lateModules).map(([out, source]) => ({ in: source, out })),
    ],
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "silent",
    plugins: [
      withLateModules(root),
      ...[...Map.groupBy(alterations, ({ file }) => file)].map(altered),
    ],
  });
  return folder;
}

/** Removes earlier builds, because a test's process may end without cleaning up. */
function sweepTheDead(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? /-(\d+)-\w+$/.exec(name)?.[1] : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Makes all changes of one file at once, because only the first plugin that answers is used. */
function altered([file, alterations]: readonly [string, readonly Alteration[]]): Plugin {
  return {
    name: `altered ${file}`,
    setup({ onLoad }) {
      const filter = new RegExp(`${file.replaceAll(".", "\\.")}$`);
      onLoad({ filter }, () => {
        const source = readFileSync(join(root, file), "utf8");
        return { contents: alterations.reduce(changed, source), loader: "ts" };
      });
    },
  };
}

function changed(source: string, { file, find, replace }: Alteration): string {
  if (source.split(find).length !== 2) throw new Error(`"${find}" isn't once in ${file}.`);
  return source.replace(find, () => replace);
}
