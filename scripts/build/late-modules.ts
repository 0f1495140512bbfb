import { relative } from "node:path";
import type { Plugin } from "esbuild";
import { lateModules } from "./entries.ts";

/**
 * Leaves out of a program what only some executions need: it is imported from `x.late.cjs` beside
 * the program `x`. Every other execution would pay for it at its start.
 */
export function withLateModules(root: string): Plugin {
  return {
    name: "late modules",
    setup(context) {
      context.onResolve({ filter: /^\./ }, async ({ path, resolveDir, kind }) => {
        if (kind !== "dynamic-import") return null;
        const source = relative(root, new URL(path, `file://${resolveDir}/`).pathname);
        const late = Object.entries(lateModules).find(([, module]) => module === source);
        return late === undefined ? null : { path: `./${late[0]}.late.cjs`, external: true };
      });
    },
  };
}
