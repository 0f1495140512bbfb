/** `npm run probe:cloud`: see `usage`. */
import { readOptions, refuse } from "../scripts/tools/options.ts";
import { endOnSignals } from "../scripts/tools/start-child.ts";
import { clockOf } from "./clock.ts";
import { GoogleApi } from "./google/api.ts";
import { findCredentials } from "./google/token.ts";
import { usualRegion } from "./options.ts";
import { Stop } from "./print.ts";
import { probeCloud } from "./probe/probe-cloud.ts";

const usage = `
npm run probe:cloud -- --project ID [options]: whether executions could be isolated in this project,
which may be bare but for a billing account. One throw-away job of the runner's image looks at
namespaces, mounts, cgroups, seccomp, both modes of the sandbox, its token, the metadata server and
DNS: once without Direct VPC, and once with it where the project has a network called default. Then
all of it is removed. By list prices it costs some cents. The exit code is 0 if executions would
run, 1 if not.

  --project ID     the Google Cloud project; it has a billing account
  --region REGION  one of Google's regions in the US (${usualRegion})
  --image REF      an image of the runner that exists already; else it is built`;

const values = readOptions(usage, {
  project: { type: "string" },
  region: { type: "string" },
  image: { type: "string" },
});
const { project = "", region = usualRegion, image = null } = values;
if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project)) refuse("Name the project: --project ID.");
if (!/^us-[a-z]+[0-9]+$/.test(region)) refuse(`--region ${region} isn't in the US.`);
const endpoint = process.env.PADDOCK_DEPLOY_GOOGLE_ENDPOINT ?? null;
const credentials = findCredentials(process.env);
if (credentials === null) refuse("No Google credentials found: gcloud auth login.");
endOnSignals();
try {
  const google = new GoogleApi(credentials, project, endpoint);
  const runs = await probeCloud({ project, region, google, clock: clockOf(endpoint), image });
  process.exitCode = runs ? 0 : 1;
} catch (error) {
  console.error(`\n✗ ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof Stop ? error.exitCode : 1;
}
