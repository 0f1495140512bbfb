/** `npm run deploy`: see `deploy/options.ts`. */
import colours from "picocolors";
import { deploy, lookFirst, refuseIfBlocked } from "./deploy/flows/deploy.ts";
import { destroy } from "./deploy/flows/destroy.ts";
import { dryRun } from "./deploy/flows/dry-run.ts";
import { planOnly } from "./deploy/flows/plan.ts";
import { printReleases, rollback } from "./deploy/flows/rollback.ts";
import { type DeployOptions, readDeployOptions } from "./deploy/options.ts";
import { Stop } from "./deploy/print.ts";
import { endOnSignals } from "./tools/start-child.ts";

const flows: Readonly<Record<DeployOptions["mode"], (options: DeployOptions) => Promise<void>>> = {
  deploy,
  destroy,
  plan: planOnly,
  rollback,
  "dry-run": dryRun,
  releases: printReleases,
  preflight: async (options) => refuseIfBlocked((await lookFirst(options)).looked),
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
