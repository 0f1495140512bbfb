import * as crypto from "node:crypto";
import type { Plugin } from "esbuild";

const name = "node:crypto";
const namespace = "late";

/**
 * Loads `node:crypto` when a program uses the first function of it. Loading it takes a sixth of a
 * bare start of Node, and a short execution ends without it.
 */
export const lateCrypto: Plugin = {
  name: "late crypto",
  setup(context) {
    context.onResolve({ filter: new RegExp(`^${name}$`) }, ({ importer }) =>
      importer === name ? { path: name, external: true } : { path: name, namespace },
    );
    context.onLoad({ filter: /.*/, namespace }, () => ({
      contents: `
        for (const key of ${JSON.stringify(Object.keys(crypto))}) {
          const get = () => require("${name}")[key];
          Object.defineProperty(exports, key, { enumerable: true, get });
        }`,
    }));
  },
};
