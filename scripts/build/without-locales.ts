import type { Plugin } from "esbuild";

/** zod's messages in fifty languages are half of its size, and ours are English. */
export const withoutLocales: Plugin = {
  name: "without locales",
  setup(context) {
    context.onResolve(
      { filter: /locales\/index\.c?js$/ },
      ({ path, importer, resolveDir, kind }) =>
        importer.includes("/node_modules/zod/")
          ? context.resolve(path.replace(/index(\.c?js)$/, "en$1"), { resolveDir, kind })
          : null,
    );
  },
};
