/** Checks everything that would stop a deployment, before anything is changed. */
import { GoogleApi } from "../google/api.ts";
import { findCredentials } from "../google/token.ts";
import type { DeployOptions } from "../options.ts";
import {
  blocks,
  type CheckResult,
  type GoogleAt,
  type PreflightAt,
  unchecked,
} from "./check-result.ts";
import { lookAtCredentials, memberOf } from "./credentials.ts";
import { lookAtDomain } from "./domain.ts";
import { lookAtNames } from "./names.ts";
import { lookAtPolicies } from "./org-policies.ts";
import { lookAtPermissions } from "./permissions.ts";
import { lookAtBilling, lookAtProject } from "./project.ts";
import { lookAtQuotas } from "./quotas.ts";
import { lookAtServices } from "./services.ts";
import { lookAtBuilder, lookAtTerraform } from "./tools.ts";

export interface Preflight {
  readonly looked: readonly CheckResult[];
  readonly member: string;
  readonly projectNumber: string | null;
}

export function startingPoint(
  options: DeployOptions,
  environment: NodeJS.ProcessEnv = process.env,
): PreflightAt {
  const endpoint = environment.PADDOCK_DEPLOY_GOOGLE_ENDPOINT ?? null;
  const credentials = findCredentials(environment);
  const google = credentials && new GoogleApi(credentials, options.project, endpoint);
  return { options, credentials, google, endpoint, environment };
}

/** Checks that need no credentials always run, so that all problems are reported at once. */
export async function preflight(context: PreflightAt): Promise<Preflight> {
  const member = context.google === null ? "user:YOU" : await memberOf(context.google);
  const [credentials, terraform, builder, domain] = await Promise.all([
    lookAtCredentials(context, member),
    lookAtTerraform(context),
    lookAtBuilder(context),
    lookAtDomain(context),
  ]);
  const local = [terraform, builder, domain];
  const isRefused = credentials.findings.some(({ kind }) => kind === "blocks");
  if (context.google === null || isRefused) {
    const unseen = unchecked("project, billing, services, permissions, quotas, policies, names");
    const rest = { subject: "the project", found: "", findings: [unseen] };
    return { looked: [credentials, ...local, rest], member, projectNumber: null };
  }
  const project = await lookAtProject({ ...context, google: context.google, member });
  if (project.number === null) {
    return { looked: [credentials, ...local, project], member, projectNumber: null };
  }
  const inside = await lookInside({ ...context, google: context.google, member }, project.number);
  const looked = [credentials, ...local, project, ...inside];
  return { looked, member, projectNumber: project.number };
}

async function lookInside(context: GoogleAt, number: string): Promise<CheckResult[]> {
  return await Promise.all([
    lookAtBilling(context),
    lookAtServices(context),
    lookAtPermissions(context),
    lookAtQuotas(context),
    lookAtPolicies(context),
    lookAtNames(context, number),
  ]);
}

/** The address for alerts is given once; later releases remember it. */
export function lookAtSettings(variables: Readonly<Record<string, unknown>>): CheckResult {
  const subject = "settings";
  if (variables.alerts !== undefined) return { subject, found: "complete", findings: [] };
  const what = "Nobody would hear of an alert.";
  return { subject, found: "", findings: [blocks(what, "--alert-email you@example.com")] };
}

export function isBlocked({ looked }: Pick<Preflight, "looked">): boolean {
  return looked.some(({ findings }) => findings.some(({ kind }) => kind === "blocks"));
}
