/** Applies the main root and records the release. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import type { DnsRecord } from "../preflight/domain.ts";
import { keyRingName } from "../preflight/names.ts";
import { keptFolder, Terraform } from "../terraform/run.ts";
import { applyPlan } from "./apply.ts";
import type { DeployContext } from "./deploy-context.ts";
import { hasAnswered } from "./health-alert.ts";
import type { Images } from "./images.ts";
import { untilIndexesAreReady } from "./indexes-ready.ts";
import { takeOverKeys } from "./keys-left-behind.ts";
import { digestOf, type Lists, type Release, releaseId, writeRelease } from "./releases.ts";
import { secretAccessFirst } from "./secret-access.ts";
import type { SecretVersions } from "./secrets.ts";
import { ensureServiceAgents } from "./service-agents.ts";

const ShownRecord = z.object({ name: z.string(), type: z.enum(["A", "CNAME"]), data: z.string() });
const Outputs = z.object({
  url: z.string(),
  /** Null in a trial, which has none, nor a domain. */
  load_balancer_address: z.string().nullable().default(null),
  dns_authorization_records: z.record(z.string(), ShownRecord),
  audiences: z.object({ operator: z.string() }),
  operator_account: z.string(),
  health_alert: z.string(),
});
export type MainOutputs = z.infer<typeof Outputs>;

/** The desired state of a deployment. */
export interface Wanted {
  readonly images: Images;
  readonly lists: Lists;
  readonly commit: string;
  /** Variables that were set for this and earlier releases; the script decides the others. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly secretVersions: SecretVersions;
  readonly github: Release["github"];
  readonly rollbackOf: string | null;
}

/** The lists that `npm run build` has just written. */
export async function listsOfBuild(): Promise<Lists> {
  const read = async (name: string) =>
    JSON.parse(await readFile(join(repositoryRoot, "dist", name), "utf8"));
  return { functions: await read("functions.json"), runner: await read("runner.json") };
}

export async function openMain(context: DeployContext, bucket: string): Promise<Terraform> {
  const { project } = context.options;
  const terraform = await Terraform.open({
    root: "main",
    project,
    credentials: context.credentials,
  });
  await terraform.init(bucket);
  return terraform;
}

/** Makes Terraform's variables. The lists are written to files, whose paths no release records. */
export async function variablesFor(context: DeployContext, wanted: Wanted): Promise<object> {
  const folder = join(keptFolder(context.options.project), "lists");
  await mkdir(folder, { recursive: true });
  for (const name of ["functions", "runner"] as const) {
    await writeFile(join(folder, `${name}.json`), JSON.stringify(wanted.lists[name]));
  }
  return {
    ...wanted.variables,
    health_alert: await hasAnswered(context),
    images: wanted.images,
    secret_versions: wanted.secretVersions,
    functions_file: join(folder, "functions.json"),
    runner_file: join(folder, "runner.json"),
  };
}

/** @returns The current release afterwards, which may be the previous one. */
export async function applyMain(
  context: DeployContext,
  terraform: Terraform,
  { wanted, current }: { readonly wanted: Wanted; readonly current: Release | null },
): Promise<Release> {
  await ensureServiceAgents(context, wanted.variables);
  const ring = keyRingName(context.options.project, wanted.variables.location);
  await takeOverKeys(context, terraform, ring);
  const planSha256 = await applyPlan(terraform, {
    variables: await variablesFor(context, wanted),
    question: "Apply this plan?",
    yes: context.options.yes,
    clock: context.clock,
    locks: context.options.locks,
    first: secretAccessFirst(context),
  });
  await untilIndexesAreReady(context);
  const release = releaseOf(context, wanted, planSha256);
  if (current !== null && planSha256 === null && isSame(current, release)) return current;
  await writeRelease(context, release, wanted.lists);
  return release;
}

export async function mainOutputs(terraform: Terraform): Promise<MainOutputs> {
  return await terraform.outputs(Outputs);
}

/** The DNS records that the domain's public zone needs. */
export function recordsOf(outputs: MainOutputs, domain: string): DnsRecord[] {
  const { dns_authorization_records: proofs, load_balancer_address: data } = outputs;
  const address = data === null ? [] : [{ name: domain, type: "A", data } as const];
  return [...Object.values(proofs), ...address];
}

function releaseOf(context: DeployContext, wanted: Wanted, planSha256: string | null): Release {
  const now = new Date();
  return {
    v: 1,
    id: releaseId(now, wanted.commit),
    at: now.toISOString(),
    by: context.member,
    commit: wanted.commit,
    images: { ...wanted.images },
    planSha256,
    listsSha256: digestOf(wanted.lists),
    variables: { ...wanted.variables },
    secretVersions: { ...wanted.secretVersions },
    github: wanted.github,
    rollbackOf: wanted.rollbackOf,
  };
}

function isSame(one: Release, other: Release): boolean {
  const comparable = ({ images, listsSha256, variables, secretVersions, github }: Release) =>
    JSON.stringify({ images, listsSha256, variables, secretVersions, github });
  return comparable(one) === comparable(other);
}
