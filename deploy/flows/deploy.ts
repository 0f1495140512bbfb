/** `npm run deploy`: brings the project to what this checkout says, step by step. */
import * as z from "zod";
import { buildAll } from "../../scripts/build/build-all.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { idTokenFor } from "../google/id-token.ts";
import { type DeployOptions, usualRegion } from "../options.ts";
import { type CheckResult, explainRefusal, type GoogleAt } from "../preflight/check-result.ts";
import { keyRingName } from "../preflight/names.ts";
import {
  checkSettings,
  isBlocked,
  type Preflight,
  preflight,
  startingPoint,
} from "../preflight/preflight.ts";
import { checkQuotas } from "../preflight/quotas.ts";
import { builderOf } from "../preflight/tools.ts";
import { counted, done, heading, line, printResults, Stop } from "../print.ts";
import { runSmoke } from "../smoke/run.ts";
import { need } from "../steps/apply.ts";
import { applyBootstrap, type BootstrapOutputs, readBootstrap } from "../steps/bootstrap.ts";
import { removeDefaultNetwork } from "../steps/default-network.ts";
import { type DeployContext, noCredentials } from "../steps/deploy-context.ts";
import { untilDomainIsReady, untilItAnswers } from "../steps/domain-ready.ts";
import { wakeHealthAlert } from "../steps/health-alert.ts";
import { ensureImages } from "../steps/images.ts";
import { ensureKeyVersions } from "../steps/keys-left-behind.ts";
import {
  applyMain,
  listsOfBuild,
  type MainOutputs,
  mainOutputs,
  openMain,
  recordsOf,
  type Wanted,
} from "../steps/main-root.ts";
import { markVerified, newestRelease, type Release } from "../steps/releases.ts";
import { ensureSecrets } from "../steps/secrets.ts";
import { readSources } from "../steps/sources.ts";

/** A right that was just granted usually works everywhere within two minutes. */
const tokenAttemptsMax = 9;
const tokenPauseMs = 15_000;

/** Settings from this command's options, on top of those of earlier releases. */
function settingsOf(
  options: DeployOptions,
  current: Release | null,
  { projectNumber, member }: Pick<Preflight, "projectNumber" | "member">,
) {
  const before = current?.variables ?? {};
  const isTrial = options.profile === "trial";
  const region = options.region ?? textOf(before.region) ?? usualRegion;
  const domain = isTrial ? null : (options.domain ?? textOf(before.domain));
  const github = options.github ?? current?.github ?? null;
  const known = RunnerProject.parse(before.runner_project);
  const runnerProject = options.runnerProject ?? known?.id ?? null;
  const own = {
    project_id: options.project,
    ...(projectNumber === null ? {} : { project_number: projectNumber }),
    region,
    ...(domain === null ? {} : { domain }),
    ...(isTrial ? { profile: "trial" } : {}),
  };
  const stated: Readonly<Record<string, unknown>> = {
    ...usual(member),
    ...before,
    ...options.variables,
    ...own,
  };
  // What the earlier release had instead goes. The others keep their places: their order counts.
  const isLeft = (name: string) => name !== (isTrial ? "domain" : "profile");
  const variables = Object.fromEntries(Object.entries(stated).filter(([name]) => isLeft(name)));
  return { region, domain, github, runnerProject, variables };
}

/** By default the deployer receives alerts and may act as the first operator. */
function usual(member: string) {
  const [kind, email = ""] = member.split(":");
  if (kind !== "user" || !email.includes("@")) return {};
  return { alerts: { emails: [email] }, operator_impersonators: [member] };
}

const RunnerProject = z.object({ id: z.string() }).nullish();
const textOf = (value: unknown) => (typeof value === "string" ? value : null);

/** The options as they count: what isn't stated is as in the release before. */
function withRemembered(options: DeployOptions, current: Release | null): DeployOptions {
  if (current === null) return options;
  return {
    ...options,
    region: options.region ?? textOf(current.variables.region),
    github: options.github ?? current.github,
    variables: { ...current.variables, ...options.variables },
  };
}

/**
 * Checks everything, under the settings that the deployment would have. @throws {Stop} if anything
 * prevents it.
 */
export async function runPreflight(options: DeployOptions) {
  heading("Preflight");
  const stated = startingPoint(options);
  const before = stated.google &&
    stated.credentials && {
      ...stated,
      google: stated.google,
      credentials: stated.credentials,
    };
  const current = before && (await newestRelease({ ...before, member: "" }));
  const start = { ...stated, options: withRemembered(options, current) };
  const seen = await preflight(start);
  const at: DeployContext | null = before && {
    ...before,
    options: start.options,
    member: seen.member,
  };
  const settings = settingsOf(options, current, seen);
  const results = [
    ...seen.results,
    checkSettings(settings.variables, options.images ? null : builderOf(start)),
  ];
  printResults(results);
  return { start, at, current, settings, results, isSeen: seen.projectNumber !== null };
}

/** @throws {Stop} naming how many. */
export function refuseIfBlocked(results: readonly CheckResult[]): void {
  if (!isBlocked({ results })) return;
  const findings = results.flatMap((one) => one.findings);
  const count = findings.filter(({ kind }) => kind === "blocks").length;
  const stands = count === 1 ? "stands" : "stand";
  throw new Stop(`${counted(count, "thing")} ${stands} in the way. Nothing was changed.`);
}

export async function deploy(options: DeployOptions): Promise<void> {
  const { at: found, current, settings, results } = await runPreflight(options);
  refuseIfBlocked(results);
  const at = need(found, noCredentials);
  heading("Bootstrap: services, state, registry, secrets");
  const { region, github, runnerProject } = settings;
  const outputs = options.skipBootstrap
    ? await readBootstrap(at)
    : await applyBootstrap(at, {
        region,
        github,
        runnerProject,
        deny_data_access: settings.variables.organization_policies === true,
      });
  if (!options.skipBootstrap) await removeDefaultNetwork(at);
  await recheckQuotas({ ...at, environment: process.env });
  heading("Secrets");
  const secretVersions = await ensureSecrets(at, outputs.secrets);
  done(
    `peppers version ${secretVersions.peppers}, gateway tokens ${secretVersions.gateway_tokens}`,
  );
  const made = await makeImages(at, outputs);
  heading("Infrastructure");
  const terraform = await openMain(at, outputs.state_bucket);
  const deployer = outputs.deploy_account ?? null;
  const beside = outputs.runner_project ?? null;
  const runners = beside === null ? {} : { runner_project: beside };
  const variables = { ...settings.variables, ...runners, deployer, build: made.build };
  const wanted: Wanted = { ...made, variables, secretVersions, github, rollbackOf: null };
  const release = await applyMain(at, terraform, { wanted, current });
  await ensureKeyVersions(at, keyRingName(options.project, release.variables.location));
  done(`release ${release.id}`);
  await finish(at, release, await mainOutputs(terraform));
}

/** Quotas can be read only once their services are on. */
async function recheckQuotas(context: GoogleAt): Promise<void> {
  const quotas = await checkQuotas(context);
  if (!isBlocked({ results: [quotas] })) return;
  printResults([quotas]);
  throw new Stop("Bootstrap is done; the quota is too small for the rest.");
}

async function makeImages(context: DeployContext, outputs: BootstrapOutputs) {
  heading("Images");
  await buildAll(repositoryRoot);
  const sources = await readSources();
  const images = await ensureImages(context, outputs, sources);
  for (const reference of Object.values(images)) line(reference);
  const { commit, version } = sources;
  // Named after the sources and not the time, so the same sources are the same release.
  return { images, lists: await listsOfBuild(), commit, build: { commit, version } };
}

/** The steps between a finished apply and an API that is known to work. */
export async function finish(
  context: DeployContext,
  release: Release,
  outputs: MainOutputs,
): Promise<void> {
  const domain = new URL(outputs.url).hostname;
  if (outputs.load_balancer_address === null) {
    heading("Address");
    line(`${outputs.url}, which is Cloud Run's own: no record to add, no certificate to wait for`);
  } else {
    heading("Domain and certificate");
    const region = textOf(release.variables.region) ?? usualRegion;
    await untilDomainIsReady(context, { domain, region }, recordsOf(outputs, domain));
  }
  if (!context.options.smoke) {
    await wakeHealthAlert(context, outputs);
    line(`Not tried out (--no-smoke): npm run smoke -- --url ${outputs.url}`);
    return;
  }
  heading("Smoke test");
  await untilItAnswers(context.clock, outputs.url);
  await wakeHealthAlert(context, outputs);
  const operatorToken = await operatorTokenOf(context, outputs);
  const { failed, notTried, passed } = await runSmoke({ url: outputs.url, operatorToken });
  if (failed > 0) {
    const back = `npm run deploy -- --project ${context.options.project} --rollback`;
    throw new Stop(`${counted(failed, "check")} failed. To go back: ${back}`);
  }
  if (notTried > 0) throw new Stop(`${counted(notTried, "check")} couldn't be tried.`, 3);
  await markVerified(context, release.id, passed);
  done(`${outputs.url} answers as it should`);
}

/** A token of the first operator's account, if these credentials may act as it. */
async function operatorTokenOf(
  context: DeployContext,
  { audiences, operator_account }: MainOutputs,
): Promise<string | null> {
  const given = process.env.PADDOCK_OPERATOR_TOKEN;
  if (given) return given;
  const account = context.options.operatorAccount ?? operator_account;
  for (let attempt = 1; ; attempt += 1) {
    const token = await idTokenFor(context.google, account, audiences.operator);
    if (token.ok) return token.value;
    if (token.status !== 403 || attempt === tokenAttemptsMax) {
      line(`No operator's token for ${account}: ${explainRefusal(token)}.`);
      return null;
    }
    await context.clock.wait(tokenPauseMs);
  }
}
