/** `--rollback`: restores an earlier release by its digests, lists and settings. */
import type { DeployOptions } from "../options.ts";
import { memberOf } from "../preflight/credentials.ts";
import { detail, done, heading, line, Stop } from "../print.ts";
import { need } from "../steps/apply.ts";
import { readBootstrap } from "../steps/bootstrap.ts";
import { type DeployContext, signedIn } from "../steps/deploy-context.ts";
import { applyMain, mainOutputs, openMain } from "../steps/main-root.ts";
import { listReleases, newestRelease, readLists, readRelease } from "../steps/releases.ts";
import { ensureSecrets } from "../steps/secrets.ts";
import { readSources } from "../steps/sources.ts";
import { finish } from "./deploy.ts";

/** Skips the preflight: a rollback is urgent, and makes nothing new. */
export async function stepAtFor(options: DeployOptions): Promise<DeployContext> {
  const start = signedIn(options);
  return { ...start, member: await memberOf(start.google) };
}

export async function rollback(options: DeployOptions): Promise<void> {
  const at = await stepAtFor(options);
  heading("Rollback");
  const current = need(await newestRelease(at), "Nothing has been released from here yet.");
  const id = options.rollbackTo ?? (await before(at, current.rollbackOf ?? current.id));
  const target = await readRelease(at, id);
  line(`from ${current.id}`);
  line(`to   ${target.id}, made by ${target.by}`);
  const { commit } = await readSources();
  if (commit !== target.commit) {
    detail("Images, routes and settings are that release's; Terraform's files this checkout's.");
  }
  const outputs = await readBootstrap(at);
  const secretVersions = await ensureSecrets(at, outputs.secrets);
  const terraform = await openMain(at, outputs.state_bucket);
  const wanted = {
    images: target.images,
    lists: await readLists(at, target.id),
    commit: target.commit,
    variables: target.variables,
    secretVersions,
    github: current.github,
    rollbackOf: target.id,
  };
  const release = await applyMain(at, terraform, { wanted, current });
  done(`release ${release.id}`);
  await finish(at, release, await mainOutputs(terraform));
}

/** The newest release before `id` that has passed its smoke test, else the newest before it. */
async function before(context: DeployContext, id: string): Promise<string> {
  const older = (await listReleases(context)).filter((release) => release.id < id);
  const found = older.find(({ isVerified }) => isVerified) ?? older[0];
  if (!found) throw new Stop(`There is no release before ${id}.`);
  return found.id;
}

/** `--releases`. */
export async function printReleases(options: DeployOptions): Promise<void> {
  const at = await stepAtFor(options);
  const releases = await listReleases(at);
  if (releases.length === 0) throw new Stop("Nothing has been released yet.", 0);
  for (const { id, isVerified } of releases) {
    line(`${id}  ${isVerified ? "passed its smoke test" : "not tried out"}`);
  }
}
