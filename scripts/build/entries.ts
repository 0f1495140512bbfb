/** What gets bundled: every function, the front before them, and the runner's programs. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface BundleEntry {
  /** Path of the bundle in `dist/`, without its ending. */
  readonly output: string;
  /** Path of the module it starts from, in the repository. */
  readonly source: string;
  /**
   * A compiled program starts from V8's compiled form, which was made at build time. A module is
   * loaded by a program when it first needs it.
   */
  readonly kind: "function" | "program" | "compiled" | "module";
}

/** The runner's programs, each its own process; the image starts `launcher`. */
const programs = ["launcher", "supervisor", "init"];

/** What programs load only for executions that need it: files that lie beside the program. */
export const lateModules: Readonly<Record<string, string>> = {
  "supervisor.late": "runner/agent/language/language-model.ts",
  "supervisor.mcp": "runner/agent/language/mcp/mcp-servers.ts",
  "init.late": "runner/init/calls.ts",
};

/** Every bundle of the repository at `root`, in a stable order. */
export function bundleEntries(root: string): BundleEntry[] {
  const functions = functionNames(root).map(
    (name): BundleEntry => ({
      output: `functions/${name}`,
      source: `functions/${name}/index.ts`,
      kind: "function",
    }),
  );
  const front: BundleEntry = {
    output: "functions/front",
    source: "shared/pipeline/front/main.ts",
    kind: "program",
  };
  const runner = programs.map(
    (name): BundleEntry => ({
      output: `runner/${name}`,
      source: `runner/${name}/main.ts`,
      kind: "compiled",
    }),
  );
  const late = Object.entries(lateModules).map(
    ([name, source]): BundleEntry => ({ output: `runner/${name}`, source, kind: "module" }),
  );
  return [...functions, front, ...runner, ...late].filter(({ source }) =>
    existsSync(join(root, source)),
  );
}

/** An entry's output files; the build is complete only if all of them exist. */
export function filesOf({ output, kind }: BundleEntry): string[] {
  const added = kind === "compiled" ? [".code.js", ".code.cache"] : [];
  return [".cjs", ...added].map((ending) => output + ending);
}

/** Folder names under `functions/`, sorted. */
export function functionNames(root: string): string[] {
  const folder = join(root, "functions");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "index.ts")))
    .map((entry) => entry.name)
    .sort();
}
