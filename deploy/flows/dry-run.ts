/** `--dry-run`: every step in order, with its commands and what is known about it now. */
import { relative } from "node:path";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import type { DeployOptions } from "../options.ts";
import { stateBucket } from "../preflight/names.ts";
import { isBlocked } from "../preflight/preflight.ts";
import { builderOf } from "../preflight/tools.ts";
import { detail, heading, line } from "../print.ts";
import { smokeChecks } from "../smoke/checks.ts";
import { whereIsState } from "../steps/bootstrap.ts";
import { buildRegionOf, cloudBuildOrder, dockerOrders } from "../steps/images.ts";
import { readSources } from "../steps/sources.ts";
import { keptFolder } from "../terraform/run.ts";
import { runPreflight } from "./deploy.ts";

const command = (text: string) => detail(`$ ${text}`);

export async function dryRun(options: DeployOptions): Promise<void> {
  const { start, at, current, settings, results, isSeen } = await runPreflight(options);
  if (isBlocked({ results }))
    line("A deployment would end here, nothing changed. If all were well:");
  const { project } = options;
  const bucket = stateBucket(project);
  const state = at === null || !isSeen ? null : await whereIsState(at);
  explainBootstrap(options, state);
  explainSecrets(project);
  const sources = await readSources();
  heading("3. Images");
  line(
    `built of these sources (${sources.tag}), unless the registry has them; used by their digests`,
  );
  const host = `${settings.region}-docker.pkg.dev`;
  const registry = `${host}/${project}/paddock`;
  const outputs = {
    registry,
    build_account: `ACCOUNT-OF-BUILDS@${project}.iam.gserviceaccount.com`,
    build_bucket: `${project}-paddock-build`,
  };
  const orders =
    builderOf(start) === "docker"
      ? dockerOrders(registry, sources)
      : [cloudBuildOrder(project, buildRegionOf(settings.region), outputs, sources)];
  command("npm run build");
  for (const order of orders) command(order.join(" "));
  heading("4. Infrastructure");
  line("planned, shown (counts by module, each loss by name), applied after a yes");
  const copy = relative(repositoryRoot, `${keptFolder(project)}/terraform`);
  command(`cd ${copy}   # a copy of terraform/, with paddock.auto.tfvars.json:`);
  for (const [name, value] of Object.entries(settings.variables)) {
    detail(`    ${name} = ${JSON.stringify(value)}`);
  }
  detail("    images, secret_versions, functions_file, runner_file, build: from the steps before");
  command(
    `terraform init -reconfigure -backend-config=bucket=${bucket} -backend-config=prefix=main`,
  );
  command("terraform plan -out=paddock.tfplan");
  command("terraform apply paddock.tfplan");
  explainLocks(options, settings.variables);
  line("then waits until Firestore has built its indexes");
  line(`recorded as gs://${bucket}/releases/TIME-COMMIT.json, for --rollback`);
  if (current !== null) detail(`in force now: ${current.id}`);
  explainEnd(options, settings);
  explainUnknown(isSeen);
}

interface Place {
  readonly domain: string | null;
  readonly region: string;
}

function explainBootstrap(options: DeployOptions, state: string | null): void {
  const { project } = options;
  heading("1. Bootstrap: services, state, registry, secrets' containers");
  if (options.skipBootstrap) {
    line("left as it is (--skip-bootstrap)");
    return;
  }
  const where = {
    nowhere: "its first state is kept here, and moves to the bucket it has made",
    here: "goes on with the state that an interrupted run has left here",
    "in the bucket": "goes on with the state in the bucket",
    lost: "would end: the bucket exists, but holds no state (a run on another machine didn't finish)",
  };
  line(Object.entries(where).find(([name]) => name === state)?.[1] ?? where.nowhere);
  const init = state === "in the bucket" ? "-reconfigure" : "-migrate-state -force-copy";
  if (state !== "in the bucket") command("terraform init && terraform plan -out=paddock.tfplan");
  if (state !== "in the bucket") command("terraform apply paddock.tfplan   # after a yes");
  command(
    `terraform init ${init} -backend-config=bucket=${stateBucket(project)} -backend-config=prefix=bootstrap`,
  );
  if (state === "in the bucket") command("terraform plan, and apply after a yes");
  line("the network that Google makes in each project is removed, if nobody has changed it");
  line("then quotas are checked once more, because now every service can tell them");
}

const Locks = z.object({
  lock_archive: z.boolean().default(false),
  lock_logs: z.boolean().default(false),
});

/** Names what the settings would lock, as the plan and its questions do. */
function explainLocks({ project }: DeployOptions, variables: Readonly<Record<string, unknown>>) {
  const locks = Locks.parse(variables.protection ?? {});
  const names = [
    ...(locks.lock_archive ? [`${project}-archive`, `${project}-checkpoints`] : []),
    ...(locks.lock_logs ? ["paddock-access", "paddock-audit"] : []),
  ];
  if (names.length === 0) line("nothing is locked for good");
  for (const name of names) {
    line(
      `locks for good, which nobody can undo, once its name is typed or --lock names it: ${name}`,
    );
  }
}

function explainSecrets(project: string): void {
  heading("2. Secrets");
  line("each secret: the newest enabled version, or a first one, made in memory");
  const url = `https://secretmanager.googleapis.com/v1/projects/${project}/secrets/NAME:addVersion`;
  command(`POST ${url}   # never a file, an argument or an output`);
}

function explainEnd(options: DeployOptions, { domain, region }: Place): void {
  if (options.profile === "trial") {
    heading("5. Address");
    line("Cloud Run's own, which the output names: no record to add, no certificate to wait for");
  } else {
    heading("5. Domain and certificate");
    line(`three records are shown: an A record of ${domain}, and two CNAMEs that prove it and the`);
    line(
      "gateways' name to be yours; waits until they are seen and both certificates are in force",
    );
  }
  heading("6. Smoke test");
  if (!options.smoke) {
    line("left out (--no-smoke)");
    return;
  }
  const host = domain ?? `front-NUMBER-OF-THE-PROJECT.${region}.run.app`;
  line(`against https://${host}; its environments are deleted, its account suspended:`);
  for (const { name, promise } of smokeChecks) detail(`  ${name.padEnd(24)}${promise}`);
}

function explainUnknown(isSeen: boolean): void {
  heading("Nothing was changed");
  const unknown = isSeen
    ? ["What Google will answer to the changes themselves isn't known before."]
    : [
        "Without these credentials nobody could look: whether the project exists and is paid for, what is",
        "on, what you may do, quotas, organisation policies, names taken, the present release.",
      ];
  for (const text of unknown) line(text);
}
