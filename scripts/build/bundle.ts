/** Bundles with esbuild: one file per function or program, which needs no installed packages. */
import { type BuildOptions, build, type Plugin } from "esbuild";
import { compile } from "./compile.ts";
import type { BundleEntry } from "./entries.ts";
import { lateCrypto } from "./late-crypto.ts";
import { withLateModules } from "./late-modules.ts";
import { ownMapsOnly } from "./own-maps-only.ts";
import { withoutLocales } from "./without-locales.ts";

/** The roles of each function, as far as bundling needs them. */
type Functions = Readonly<
  Record<string, { readonly bundle: string; readonly roles: readonly string[] }>
>;

export interface Bundle {
  readonly output: string;
  readonly bytes: number;
}

const virtual = "paddock";
const startCompiled = "runner/start-compiled.ts";

/** Options of all bundles. */
const common: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  // Keeps names, because they reach logs. With `keepNames` instead, a bundle would set every name
  // at its start, which takes a fifth of the time until a function listens.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: "linked",
  // The image contains no sources; a stack trace needs only names and lines.
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

/**
 * Writes `<folder>/<output>.cjs` and its source map for each entry; `folder` is in the root. The
 * bytes depend on the sources alone, not on times or absolute paths. A compiled program also has
 * its code in `<output>.code.js`, and V8's compiled form of it in `<output>.code.cache`.
 *
 * @throws what esbuild reports, after printing it with file and line
 */
export async function bundle(
  root: string,
  folder: string,
  entries: readonly BundleEntry[],
  functions: Functions = {},
): Promise<Bundle[]> {
  const compiled = entries.filter(({ kind }) => kind === "compiled");
  const plain = entries.map(({ output }) => ({ in: `${virtual}:${output}`, out: output }));
  const code = compiled.map(({ source, output }) => ({ in: `./${source}`, out: `${output}.code` }));
  const options = { ...common, absWorkingDir: root, outdir: folder };
  const [started, programs] = await Promise.all([
    build({
      ...options,
      entryPoints: plain,
      outExtension: { ".js": ".cjs" },
      plugins: [
        entryModules(root, entries, functions),
        withLateModules(root),
        withoutLocales,
        ownMapsOnly,
      ],
    }),
    build({
      ...options,
      entryPoints: code,
      banner: { js: "(function(module,require){" },
      footer: { js: "})" },
      plugins: [lateCrypto, withLateModules(root), withoutLocales, ownMapsOnly],
    }),
  ]);
  compile(root, folder, compiled);
  const outputs = { ...started.metafile?.outputs, ...programs.metafile?.outputs };
  const bytesOf = (path: string) => outputs[`${folder}/${path}`]?.bytes ?? 0;
  return entries.map(({ output }) => ({
    output,
    bytes: bytesOf(`${output}.cjs`) + bytesOf(`${output}.code.js`),
  }));
}

/** A function's folder says what it serves; the module that listens is the same for all. */
function entryModules(root: string, entries: readonly BundleEntry[], functions: Functions): Plugin {
  return {
    name: virtual,
    setup(context) {
      context.onResolve({ filter: new RegExp(`^${virtual}:`) }, ({ path }) => ({
        path: path.slice(virtual.length + 1),
        namespace: virtual,
      }));
      context.onLoad({ filter: /.*/, namespace: virtual }, ({ path }) => {
        const entry = entries.find(({ output }) => output === path);
        if (!entry) return null;
        return { contents: startModule(entry, functions), resolveDir: root, loader: "ts" };
      });
    },
  };
}

/** Only bundles that may use the database contain its client, because it slows their start. */
function startModule({ kind, source, output }: BundleEntry, functions: Functions): string {
  if (kind === "compiled") return `import "./${startCompiled}";\n`;
  if (kind === "program") return `import "./${source}";\n`;
  if (kind === "module") return `export * from "./${source}";\n`;
  const { roles } = Object.values(functions).find(({ bundle }) => bundle === `${output}.cjs`) ?? {};
  const usesStore = roles !== undefined && roles.length > 0;
  return [
    `import { service } from "./${source}";`,
    `import { serve } from "#shared/pipeline/serve";`,
    ...(usesStore
      ? [
          `import { realDeps } from "#shared/pipeline/deps";`,
          `import { requestSecurity } from "#shared/pipeline/owner-request-security";`,
          "serve(service, () => {",
          "  const deps = realDeps();",
          "  return { deps, security: requestSecurity(deps) };",
          "});",
        ]
      : ["serve(service);"]),
    "",
  ].join("\n");
}
