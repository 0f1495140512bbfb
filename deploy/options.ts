/** A deployment's options, checked before anything else. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import * as z from "zod";
import { readOptions, refuse } from "../scripts/tools/options.ts";

const usage = `
npm run deploy -- --project ID --domain NAME [options]: puts Paddock into a Google Cloud project, or
brings what is there up to this checkout. Looks first, changes nothing until all is well, shows each
plan before it is applied. Interrupted, it goes on where it was: run the same command again.

  --project ID         the Google Cloud project; it exists and has a billing account
  --domain NAME        where the API will answer, for example api.example.com
  --profile trial      instead of a domain: Cloud Run's own address, no load balancer, a few dollars a
                       month; docs/deploy.md lists what it gives up
  --region REGION      one of Google's regions in the US (us-central1)
  --alert-email M      where alerts go, if not to you; may be repeated
  --first-operator M   the Google account that becomes the first operator (one made for that)
  --impersonator M     who may act as it, if not you: user:me@example.com; may be repeated
  --runner-project ID  make this project too, for the executions' containers alone
  --github OWNER/REPO  lets this repository's workflows deploy, without a key; with its number:
  --github-id DIGITS   gh api repos/OWNER/REPO --jq .id
  --instances-max N    of each function, where the project's quota is small
  --var-file FILE      more variables of terraform/, as JSON (docs/deploy.md)
  --build WITH         cloud (gcloud builds submit) or docker; whichever is there
  --image NAME=REF     use this image (functions=…@sha256:…, runner=…@sha256:…) and build none
  --operator-account M the service account whose token the smoke test shows (the first operator's)
  --skip-bootstrap     leave the bootstrap root as it is (in CI, whose account may not change it)
  --lock NAME          lock this bucket for good, as the plan names it; may be repeated
  --skip-permission-check  begin though a permission seems to be missing; says which
  --no-smoke           leave the smoke test out
  --dry-run            explain every step in order, and change nothing; needs no credentials
  --preflight          look, and end
  --plan               what this checkout's configuration would change; reads the state alone
  --rollback [--to ID] bring back the release before the present one, or the one of that id
  --releases           list what was released
  --destroy            remove the deployment where protection is off; says what outlives it
  --yes                ask nothing (in CI)`;

/** The default region. */
export const usualRegion = "us-central1";
/** Google's regions in the US that have Cloud Run; data never leaves the country (DAT-2). */
const regions = [
  usualRegion,
  "us-east1",
  "us-east4",
  "us-east5",
  "us-south1",
  "us-west1",
  "us-west2",
  "us-west3",
  "us-west4",
];

const Images = z.partialRecord(z.enum(["functions", "runner"]), z.string());
const Variables = z.record(z.string(), z.unknown());

/**
 * Null, or missing from `variables`, means the present release's value, else Terraform's default.
 */
export interface DeployOptions {
  readonly project: string;
  readonly domain: string | null;
  /** Null: as the present release; a domain means `standard`. */
  readonly profile: "standard" | "trial" | null;
  readonly region: string | null;
  readonly images: { readonly functions: string; readonly runner: string } | null;
  readonly build: "cloud" | "docker" | null;
  readonly github: { readonly repository: string; readonly repository_id: string } | null;
  /** The id of a project of their own for the executions' containers. */
  readonly runnerProject: string | null;
  /** Variables of the main root, besides those that the script decides itself. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operatorAccount: string | null;
  readonly mode: "deploy" | "dry-run" | "preflight" | "plan" | "rollback" | "releases" | "destroy";
  readonly rollbackTo: string | null;
  readonly skipBootstrap: boolean;
  /** Whether to begin although the preflight finds permissions missing. */
  readonly skipPermissionCheck: boolean;
  readonly smoke: boolean;
  /** Buckets and log buckets that may be locked for good without being asked for. */
  readonly locks: readonly string[];
  readonly yes: boolean;
}

/** If the options can't be right, the process ends with one sentence. */
export function readDeployOptions(): DeployOptions {
  const values = readOptions(usage, {
    project: { type: "string" },
    domain: { type: "string" },
    profile: { type: "string" },
    region: { type: "string" },
    "first-operator": { type: "string" },
    impersonator: { type: "string", multiple: true },
    "alert-email": { type: "string", multiple: true },
    "runner-project": { type: "string" },
    github: { type: "string" },
    "github-id": { type: "string" },
    "instances-max": { type: "string" },
    "var-file": { type: "string" },
    build: { type: "string" },
    image: { type: "string", multiple: true },
    "operator-account": { type: "string" },
    lock: { type: "string", multiple: true },
    "no-smoke": { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
    preflight: { type: "boolean", default: false },
    plan: { type: "boolean", default: false },
    "skip-bootstrap": { type: "boolean", default: false },
    "skip-permission-check": { type: "boolean", default: false },
    rollback: { type: "boolean", default: false },
    to: { type: "string" },
    releases: { type: "boolean", default: false },
    destroy: { type: "boolean", default: false },
    yes: { type: "boolean", default: false },
  });
  const mode = modeOf(values);
  const region = values.region ?? null;
  if (region !== null && !regions.includes(region)) {
    refuse(`--region ${region} isn't a US region with Cloud Run: ${regions.join(", ")}.`);
  }
  const build = values.build ?? null;
  if (build !== null && build !== "cloud" && build !== "docker") {
    refuse("--build is cloud or docker.");
  }
  return {
    project: projectOf(values.project),
    ...placeOf(values, mode),
    region,
    images: imagesOf(values.image ?? []),
    build,
    runnerProject: runnerProjectOf(values["runner-project"], values.project),
    github: githubOf(values.github, values["github-id"]),
    variables: {
      ...readVariables(values["var-file"]),
      ...stated("first_operator", addressOf("first-operator", values["first-operator"])),
      ...stated("operator_impersonators", membersOf(values.impersonator)),
      ...stated("instances_max", countOf(values["instances-max"])),
      ...stated("alerts", alertsOf(values["alert-email"])),
    },
    operatorAccount: addressOf("operator-account", values["operator-account"]) ?? null,
    mode,
    rollbackTo: values.to ?? null,
    skipBootstrap: values["skip-bootstrap"],
    skipPermissionCheck: values["skip-permission-check"],
    smoke: !values["no-smoke"],
    locks: values.lock ?? [],
    yes: values.yes,
  };
}

const modes = ["dry-run", "preflight", "plan", "rollback", "releases", "destroy"] as const;

function modeOf(values: Readonly<Record<string, unknown>>): DeployOptions["mode"] {
  const chosen = modes.filter((mode) => values[mode] === true);
  if (chosen.length > 1) refuse(`Choose one of --${chosen.join(" and --")}.`);
  if (values.to !== undefined && !chosen.includes("rollback")) refuse("--to goes with --rollback.");
  return chosen[0] ?? "deploy";
}

const stated = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value });

function projectOf(project: string | undefined): string {
  if (project === undefined) return refuse("Name the Google Cloud project: --project ID.");
  if (/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project)) return project;
  return refuse(`--project ${project} is no project's id (its name or number isn't either).`);
}

function runnerProjectOf(id: string | undefined, main: string | undefined): string | null {
  if (id === undefined) return null;
  return id === main
    ? refuse("--runner-project is another project than --project.")
    : projectOf(id);
}

interface Place {
  readonly domain?: string | undefined;
  readonly profile?: string | undefined;
  readonly "runner-project"?: string | undefined;
}

/** Where the API answers: at a domain, or in a trial at an address of Cloud Run's. */
function placeOf(
  values: Place,
  mode: DeployOptions["mode"],
): Pick<DeployOptions, "domain" | "profile"> {
  const { domain, profile } = values;
  if (profile !== undefined && profile !== "standard" && profile !== "trial") {
    return refuse(`--profile ${profile} is neither standard nor trial.`);
  }
  if (profile !== "trial") {
    const stated = domainOf(domain, mode);
    return { domain: stated, profile: stated === null ? null : "standard" };
  }
  if (domain !== undefined)
    return refuse("A trial has no domain: leave --domain out, or --profile.");
  if (values["runner-project"] !== undefined) {
    return refuse(
      "In a trial only runners of the same project reach what they call: no --runner-project.",
    );
  }
  return { domain: null, profile };
}

function domainOf(domain: string | undefined, mode: DeployOptions["mode"]): string | null {
  const isNeeded = mode === "deploy" || mode === "dry-run" || mode === "preflight";
  if (domain === undefined) {
    const say = "Say where the API will answer: --domain api.example.com, or --profile trial.";
    return isNeeded ? refuse(say) : null;
  }
  const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  const isName = new RegExp(`^(${label}\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`).test(domain);
  if (isName && domain.length <= 253 && isIP(domain) === 0) return domain;
  return refuse(
    `--domain ${domain} isn't a domain name: lower case, no https://, no path, two labels at least.`,
  );
}

function imagesOf(given: readonly string[]): DeployOptions["images"] {
  if (given.length === 0) return null;
  const pairs = given.map((pair) => {
    const [name = "", ...rest] = pair.split("=");
    const reference = rest.join("=");
    if (/@sha256:[0-9a-f]{64}$/.test(reference)) return [name, reference];
    return refuse(`--image ${pair} names no digest: functions=REGISTRY/functions@sha256:….`);
  });
  const images = Images.safeParse(Object.fromEntries(pairs));
  if (images.success && images.data.functions && images.data.runner) {
    return { functions: images.data.functions, runner: images.data.runner };
  }
  return refuse("Name both images, or none: --image functions=… --image runner=….");
}

function githubOf(repository: string | undefined, id: string | undefined) {
  if (repository === undefined && id === undefined) return null;
  if (repository === undefined || id === undefined || !/^[0-9]{1,20}$/.test(id)) {
    return refuse("Name a repository and its number: --github OWNER/REPO --github-id DIGITS.");
  }
  if (/^[\w.-]+\/[\w.-]+$/.test(repository)) return { repository, repository_id: id };
  return refuse(`--github ${repository} should read OWNER/REPOSITORY.`);
}

/** As terraform/variables.tf has it. */
const mailAddress = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

function addressOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined || mailAddress.test(text)) return text;
  return refuse(`--${option} ${text} is no mail address, such as ada@example.com.`);
}

function alertsOf(emails: readonly string[] | undefined) {
  for (const email of emails ?? []) addressOf("alert-email", email);
  return emails && { emails };
}

function membersOf(members: readonly string[] | undefined): readonly string[] | undefined {
  for (const member of members ?? []) {
    if (/^(user|group|serviceAccount):[^@\s]+@[^@\s]+$/.test(member)) continue;
    return refuse(`--impersonator ${member} should read user:ada@example.com.`);
  }
  return members;
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : refuse("--instances-max is 1 to 9999.");
}

/** The script sets these itself, so that a file can't contradict it. */
const ownVariables = [
  ...["project_id", "project_number", "runner_project", "domain", "profile", "region", "images"],
  ...["build", "deployer", "functions_file", "runner_file", "secret_versions", "health_alert"],
];

function readVariables(file: string | undefined): z.output<typeof Variables> {
  if (file === undefined) return {};
  let variables: z.output<typeof Variables>;
  try {
    variables = Variables.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return refuse(`--var-file ${file} can't be read as a JSON object of variables.`);
  }
  const own = Object.keys(variables).find((name) => ownVariables.includes(name));
  if (own !== undefined) refuse(`--var-file ${file} sets ${own}, which the script decides.`);
  return variables;
}
