import { join } from "node:path";
import { temporaryFolder } from "../scripts/tools/temporary-folder.ts";
import { bundleBare } from "./baseline-bundles.ts";
import type { Bench, Effort, Target } from "./figure.ts";

/** Bundles the baselines, and adds them to the cloud that is measured. */
export async function openBench(
  target: Target & { readonly distFolder: string },
  effort: Effort,
): Promise<Bench> {
  const bareFolder = temporaryFolder("paddock-bare-");
  await bundleBare(bareFolder);
  // A compile cache of its own, so that other processes' code doesn't affect start times.
  const environment = {
    ...target.environment,
    NODE_COMPILE_CACHE: join(bareFolder, ".compile-cache"),
  };
  return { ...target, environment, bareFolder, effort };
}
