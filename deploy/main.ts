/** `npm run deploy`: see `deploy/options.ts`. */
import colours from "picocolors";
import { endOnSignals } from "../scripts/tools/start-child.ts";
import { deploy, refuseIfBlocked, runPreflight } from "./flows/deploy.ts";
import { destroy } from "./flows/destroy.ts";
import { dryRun } from "./flows/dry-run.ts";
import { planOnly } from "./flows/plan.ts";
import { printReleases, rollback } from "./flows/rollback.ts";
import { type DeployOptions, readDeployOptions } from "./options.ts";
import { Stop } from "./print.ts";

const flows: Readonly<Record<DeployOptions["mode"], (options: DeployOptions) => Promise<void>>> = {
  deploy,
  destroy,
  plan: planOnly,
  rollback,
  "dry-run": dryRun,
  releases: printReleases,
  preflight: async (options) => refuseIfBlocked((await runPreflight(options)).results),
};

const options = readDeployOptions();
endOnSignals();
try {
  await flows[options.mode](options);
} catch (error) {
  const isOurs = error instanceof Stop;
  const mark = isOurs && error.exitCode === 0 ? colours.green("✓") : colours.red("✗");
  console.error(`\n${mark} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = isOurs ? error.exitCode : 1;
}
