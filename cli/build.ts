/**
 * Bundles the command line: `paddock.cjs`, which `--help` needs, and `commands.mjs` with everything
 * else. `cli/paddock` runs this whenever a source is newer than the bundle.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { repositoryRoot } from "./repository-root.ts";

const source = join(repositoryRoot(), "cli");
// Next to the packages, so that it never outlives the versions that it was bundled with.
const target = join(repositoryRoot(), "node_modules", ".cache", "paddock-cli");

const common = {
  bundle: true,
  write: false,
  platform: "node",
  target: "node24",
  logLevel: "silent",
} satisfies BuildOptions;

const commandsApart: Plugin = {
  name: "commands-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/invoke\.ts$/ }, () => ({ path: "./commands.mjs", external: true }));
  },
};

/** commander needs it for commands in files of their own only, and loading it takes long. */
const withoutChildProcess: Plugin = {
  name: "without-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path }) => ({ path, namespace: "empty" }));
    onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "export default {};" }));
  },
};

const results = await Promise.all([
  build({
    ...common,
    entryPoints: [join(source, "invoke.ts")],
    outfile: join(target, "commands.mjs"),
    format: "esm",
  }),
  build({
    ...common,
    entryPoints: [join(source, "main.ts")],
    outfile: join(target, "paddock.cjs"),
    format: "cjs",
    minify: true,
    plugins: [commandsApart, withoutChildProcess],
  }),
]);
await mkdir(target, { recursive: true });
// The file that is compared with the sources comes last, and each is whole when it gets its name.
for (const { path, contents } of results.flatMap(({ outputFiles }) => outputFiles)) {
  const draft = join(target, `.${basename(path)}.${process.pid}`);
  await writeFile(draft, contents);
  await rename(draft, path);
}
