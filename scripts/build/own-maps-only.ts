import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** A map without a mapping. */
const nothing = JSON.stringify({ version: 3, sources: [""], mappings: "AAAA" });
const comment = `\n//# sourceMappingURL=data:application/json;base64,${btoa(nothing)}`;

/**
 * Keeps source maps of our own files only. Those of all packages are as large as the bundle itself,
 * and stack traces are read for our lines.
 */
export const ownMapsOnly: Plugin = {
  name: "own maps only",
  setup(context) {
    context.onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")) + comment,
      loader: "js",
    }));
  },
};
