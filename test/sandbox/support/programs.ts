/** The runner's programs as they are deployed, and with one thing in their sources changed. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "../../..");
const built = new Map<string, Promise<string>>();

/** One text of one source file; `find` must stand there once. */
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
  const folder = mkdtempSync(join(tmpdir(), "paddock-runner-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    absWorkingDir: root,
    entryPoints: ["launcher", "supervisor", "init"].map((name) => `runner/${name}.ts`),
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "silent",
    plugins: alterations.map(altered),
  });
  return folder;
}

function altered({ file, find, replace }: Alteration): Plugin {
  const path = join(root, file);
  return {
    name: `altered ${file}`,
    setup({ onLoad }) {
      const filter = new RegExp(`${file.replaceAll(/[.]/g, "\\.")}$`);
      onLoad({ filter }, () => {
        const source = readFileSync(path, "utf8");
        if (source.split(find).length !== 2) throw new Error(`"${find}" isn't once in ${file}.`);
        return { contents: source.replace(find, () => replace), loader: "ts" };
      });
    },
  };
}
