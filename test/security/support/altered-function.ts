/** A function with one change to its sources: what it would be without one defence. */
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { repositoryRoot } from "../../../scripts/tools/repository.ts";
import type { Alteration } from "../../kit/sandbox/programs.ts";

/** @returns The bundle's file, in a folder that the caller removes. */
export async function alteredFunction(
  name: string,
  { file, find, replace }: Alteration,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "paddock-altered-"));
  const outfile = join(folder, `${name}.cjs`);
  await build({
    stdin: {
      contents: `import { service } from "./functions/${name}/index.ts";
        import { serve } from "#shared/pipeline/serve";
        import { realDeps } from "#shared/pipeline/deps";
        import { requestSecurity } from "#shared/pipeline/owner-request-security";
        serve(service, () => { const deps = realDeps();
          return { deps, security: requestSecurity(deps) }; });`,
      resolveDir: repositoryRoot,
      loader: "ts",
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "silent",
    plugins: [
      {
        name: "altered",
        setup({ onLoad }) {
          const path = join(repositoryRoot, file);
          onLoad({ filter: new RegExp(`${file.replaceAll(".", "\\.")}$`) }, () => {
            const source = readFileSync(path, "utf8");
            if (source.split(find).length !== 2) throw new Error(`"${find}" isn't once in ${file}`);
            return { contents: source.replace(find, () => replace), loader: "ts" };
          });
        },
      },
    ],
  });
  return outfile;
}
