/** `--plan`: what the present sources' configuration would change, for a pull request. */
import { buildAll } from "../../scripts/build/build-all.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import type { DeployOptions } from "../options.ts";
import { stateBucket } from "../preflight/names.ts";
import { heading, line, Stop } from "../print.ts";
import { type DeployContext, signedIn } from "../steps/deploy-context.ts";
import { listsOfBuild, openMain, variablesFor } from "../steps/main-root.ts";
import { newestRelease } from "../steps/releases.ts";
import { summarise, summaryLines } from "../terraform/plan-summary.ts";

/** Only reads the project's state; it takes no lock and builds no image. */
export async function planOnly(options: DeployOptions): Promise<void> {
  const at: DeployContext = { ...signedIn(options), member: "" };
  const current = await newestRelease(at);
  if (current === null) throw new Stop("Nothing has been released yet, so there is no plan.", 0);
  await buildAll(repositoryRoot);
  heading(`Plan, against the release ${current.id}`);
  const terraform = await openMain(at, stateBucket(options.project));
  const variables = await variablesFor(at, {
    images: current.images,
    lists: await listsOfBuild(),
    commit: current.commit,
    variables: { ...current.variables, ...options.variables },
    secretVersions: current.secretVersions,
    github: current.github,
    rollbackOf: null,
  });
  const { plan } = await terraform.plan(variables, "-refresh=false", "-lock=false");
  for (const text of summaryLines(summarise(plan))) line(text);
}
