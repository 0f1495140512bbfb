import { relative } from "node:path";
import type { Plugin } from "esbuild";
import { lateModules } from "./entries.ts";

const namespace = "late-module";
const fileOf = (module: string) => `./${module}.cjs`;

/**
 * Leaves out of a program what only some executions need: it is required from a file beside the
 * program, such as `supervisor.late.cjs`. Every other execution would pay for it at its start.
 */
export function withLateModules(root: string): Plugin {
  return {
    name: "late modules",
    setup(context) {
      context.onResolve({ filter: /^\./ }, ({ path, resolveDir, kind, namespace: from }) => {
        if (from === namespace) return { path, external: true };
        if (kind !== "dynamic-import") return null;
        const source = relative(root, new URL(path, `file://${resolveDir}/`).pathname);
        const late = Object.entries(lateModules).find(([, module]) => module === source);
        return late === undefined ? null : { path: late[0], namespace };
      });
      // With `import`, Node would warn of an experimental feature in every execution's log.
      context.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(fileOf(path))});`,
      }));
    },
  };
}
