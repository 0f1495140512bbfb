/** Checks everything that would stop a deployment, before anything is changed. */
import { clockOf } from "../clock.ts";
import { GoogleApi } from "../google/api.ts";
import { findCredentials } from "../google/token.ts";
import type { DeployOptions } from "../options.ts";
import {
  blocks,
  type CheckResult,
  type Finding,
  type GoogleAt,
  type PreflightAt,
  unchecked,
} from "./check-result.ts";
import { checkCredentials, memberOf, unknownMember } from "./credentials.ts";
import { checkDomain } from "./domain.ts";
import { checkNames } from "./names.ts";
import { checkPolicies } from "./org-policies.ts";
import { checkPermissions } from "./permissions.ts";
import { checkBilling, checkProject } from "./project.ts";
import { checkQuotas } from "./quotas.ts";
import { checkRunnerProject } from "./runner-project.ts";
import { checkServices } from "./services.ts";
import { type builderOf, checkBuilder, checkTerraform } from "./tools.ts";

export interface Preflight {
  readonly results: readonly CheckResult[];
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
  const clock = clockOf(endpoint);
  return { options, credentials, google, endpoint, environment, clock };
}

/** Checks that need no credentials always run, so that all problems are reported at once. */
export async function preflight(context: PreflightAt): Promise<Preflight> {
  const member = context.google === null ? unknownMember : await memberOf(context.google);
  const [credentials, terraform, builder, domain] = await Promise.all([
    checkCredentials(context, member),
    checkTerraform(context),
    checkBuilder(context),
    checkDomain(context),
  ]);
  const local = [terraform, builder, domain];
  const isRefused = credentials.findings.some(({ kind }) => kind === "blocks");
  if (context.google === null || isRefused) {
    const unseen = unchecked("project, billing, services, permissions, quotas, policies, names");
    const rest = { subject: "the project", found: "", findings: [unseen] };
    return { results: [credentials, ...local, rest], member, projectNumber: null };
  }
  const project = await checkProject({ ...context, google: context.google, member });
  if (project.number === null) {
    return { results: [credentials, ...local, project], member, projectNumber: null };
  }
  const inside = await checkInsideProject(
    { ...context, google: context.google, member },
    project.number,
  );
  const results = [credentials, ...local, project, ...inside];
  return { results, member, projectNumber: project.number };
}

async function checkInsideProject(context: GoogleAt, number: string): Promise<CheckResult[]> {
  return await Promise.all([
    checkBilling(context),
    checkServices(context),
    checkPermissions(context),
    checkQuotas(context),
    checkPolicies(context),
    checkNames(context, number),
    ...(context.options.runnerProject === null ? [] : [checkRunnerProject(context)]),
  ]);
}

/**
 * Requires what a deployment can't do without: an address for alerts, which later releases
 * remember, and images that its own policy lets start.
 */
export function checkSettings(
  variables: Readonly<Record<string, unknown>>,
  builder: ReturnType<typeof builderOf>,
): CheckResult {
  const findings: Finding[] = [];
  if (variables.alerts === undefined) {
    findings.push(blocks("No address is set for alerts.", "--alert-email you@example.com"));
  }
  if (builder === "docker" && variables.attestation !== false) {
    const what = "Images that docker builds have no attestation, so no container would start.";
    findings.push(blocks(what, "--build cloud", '--var-file FILE with {"attestation": false}'));
  }
  return { subject: "settings", found: findings.length === 0 ? "complete" : "", findings };
}

export function isBlocked({ results }: Pick<Preflight, "results">): boolean {
  return results.some(({ findings }) => findings.some(({ kind }) => kind === "blocks"));
}
