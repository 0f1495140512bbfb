/** Bundles with esbuild: one file per function or program, with nothing to install beside it. */
import { build, type Plugin } from "esbuild";
import type { BundleEntry } from "./entries.ts";

export interface Bundle {
  readonly output: string;
  readonly bytes: number;
}

const virtual = "paddock";

/**
 * Writes `<folder>/<output>.cjs` and its source map for each entry; `folder` stands at the root.
 * The bytes depend on the sources alone: no time, no absolute path.
 *
 * @throws what esbuild reports, after printing it with file and line
 */
export async function bundle(
  root: string,
  folder: string,
  entries: readonly BundleEntry[],
): Promise<Bundle[]> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: entries.map(({ output }) => ({ in: `${virtual}:${output}`, out: output })),
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minify: true,
    // Class and function names reach logs.
    keepNames: true,
    sourcemap: "linked",
    // The image carries no sources; a stack trace needs names and lines only.
    sourcesContent: false,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins: [entryModules(root, entries)],
  });
  const outputs = Object.entries(result.metafile.outputs);
  return entries.map(({ output }) => {
    const bytes = outputs.find(([path]) => path === `${folder}/${output}.cjs`)?.[1].bytes ?? 0;
    return { output, bytes };
  });
}

/** A function's folder says what it serves; the module that listens is the same for all. */
function entryModules(root: string, entries: readonly BundleEntry[]): Plugin {
  return {
    name: virtual,
    setup(context) {
      context.onResolve({ filter: new RegExp(`^${virtual}:`) }, ({ path }) => ({
        path: path.slice(virtual.length + 1),
        namespace: virtual,
      }));
      context.onLoad({ filter: /.*/, namespace: virtual }, ({ path }) => {
        const entry = entries.find(({ output }) => output === path);
        return entry ? { contents: startModule(entry), resolveDir: root, loader: "ts" } : null;
      });
    },
  };
}

function startModule({ kind, source }: BundleEntry): string {
  if (kind === "program") return `import "./${source}";\n`;
  return [
    `import { service } from "./${source}";`,
    `import { listen } from "#shared/pipeline/listen";`,
    "void listen(service);",
    "",
  ].join("\n");
}
