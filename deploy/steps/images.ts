/** Builds both images, unless these sources were built before, and returns their digests. */
import { once } from "node:events";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { startChild } from "../../scripts/tools/start-child.ts";
import { imageNames } from "../images/images-of-build.ts";
import { builderOf } from "../preflight/tools.ts";
import { detail, done, Stop } from "../print.ts";
import { need } from "./apply.ts";
import type { BootstrapOutputs } from "./bootstrap.ts";
import { buildInCloud } from "./cloud-build.ts";
import type { DeployContext } from "./deploy-context.ts";
import type { Sources } from "./sources.ts";

const timeoutMs = 60 * 60_000;
/**
 * The regions of the US that every project may build in; others are closed to some projects, and
 * new ones above all (cloud.google.com/build/docs/locations, restricted regions).
 */
const buildRegions = ["us-central1", "us-west2"] as const;

export interface Images {
  readonly functions: string;
  readonly runner: string;
}

const Tag = z.object({ version: z.string() });

/** @returns Digest references. @throws {Stop} If the build fails. */
export async function ensureImages(
  context: DeployContext,
  outputs: BootstrapOutputs,
  sources: Sources,
): Promise<Images> {
  if (context.options.images !== null) return context.options.images;
  const known = await imagesOf(context, outputs.registry, sources.tag);
  if (known !== null) {
    done(`these sources are built already: ${sources.tag}`);
    return known;
  }
  const builder = builderOf({ ...context, google: context.google, environment: process.env });
  if (builder === "cloud") {
    const region = buildRegionOf(outputs.registry.split("-docker.pkg.dev")[0] ?? "");
    const order = cloudBuildOrder(context.options.project, region, outputs, sources);
    const { clock, google, options } = context;
    await buildInCloud({ clock, google, project: options.project, region }, order);
  }
  if (builder !== "cloud") await buildHere(outputs, sources);
  const built = await imagesOf(context, outputs.registry, sources.tag);
  return need(built, `The build has ended, but ${outputs.registry} has no ${sources.tag}.`);
}

/** Where images are built: where they are stored if every project may build there. */
export function buildRegionOf(region: string): string {
  return buildRegions.find((each) => each === region) ?? buildRegions[0];
}

/** The digest references of both images; null unless both exist. */
async function imagesOf(
  { google }: DeployContext,
  registry: string,
  tag: string,
): Promise<Images | null> {
  const [host = "", project = "", repository = ""] = registry.split("/");
  const location = host.replace("-docker.pkg.dev", "");
  const parent = `projects/${project}/locations/${location}/repositories/${repository}`;
  const digest = async (name: string) => {
    const url = `https://artifactregistry.googleapis.com/v1/${parent}/packages/${name}/tags/${tag}`;
    const answer = await google.ask(url, Tag);
    return answer.ok ? `${registry}/${name}@${answer.value.version.split("/").at(-1)}` : null;
  };
  const [functions, runner] = await Promise.all(imageNames.map(digest));
  return functions && runner ? { functions, runner } : null;
}

/** The commands of a build; the dry run prints them too. */
export function cloudBuildOrder(
  project: string,
  region: string,
  outputs: Pick<BootstrapOutputs, "registry" | "build_account" | "build_bucket">,
  sources: Sources,
): [string, ...string[]] {
  const substitutions = {
    _REGISTRY: outputs.registry,
    _TAG: sources.tag,
    _BUILD_ACCOUNT: outputs.build_account,
    _BUILD_BUCKET: outputs.build_bucket,
    _VERSION: sources.version,
    _COMMIT: sources.commit,
    _TIME: new Date().toISOString(),
  };
  const pairs = Object.entries(substitutions).map(([name, value]) => `${name}=${value}`);
  return [
    "gcloud",
    "builds",
    "submit",
    `--project=${project}`,
    `--region=${region}`,
    "--config=cloudbuild.yaml",
    `--gcs-source-staging-dir=gs://${outputs.build_bucket}/source`,
    `--substitutions=${pairs.join(",")}`,
    // The build logs to Cloud Logging only, so there is nothing to stream.
    "--suppress-logs",
    "--format=json",
  ];
}

/** The commands of a build on this machine. */
export function dockerOrders(registry: string, sources: Sources): [string, ...string[]][] {
  const files = { functions: "images/functions/Dockerfile", runner: "runner/Dockerfile" };
  const [host = ""] = registry.split("/");
  const built = imageNames.map((name): [string, ...string[]] => [
    "docker",
    "build",
    "--platform=linux/amd64",
    `--file=${files[name]}`,
    `--tag=${registry}/${name}:${sources.tag}`,
    `--build-arg=VERSION=${sources.version}`,
    `--build-arg=COMMIT=${sources.commit}`,
    ...(name === "functions" ? [`--build-arg=TIME=${new Date().toISOString()}`] : []),
    ".",
  ]);
  const [functions, runner] = imageNames.map((name) => `${registry}/${name}:${sources.tag}`);
  return [
    ...built,
    ["bash", "images/try.sh", functions ?? "", runner ?? ""],
    ["gcloud", "auth", "configure-docker", host, "--quiet"],
    ...imageNames.map((name): [string, ...string[]] => [
      "docker",
      "push",
      `${registry}/${name}:${sources.tag}`,
    ]),
  ];
}

async function buildHere({ registry }: BootstrapOutputs, sources: Sources): Promise<void> {
  detail("built here there is no provenance that Cloud Build has signed (docs/deploy.md)");
  for (const order of dockerOrders(registry, sources)) await run(order);
}

/** Runs a program, whose log goes to the terminal. @throws {Stop} If it fails. */
async function run(order: readonly [string, ...string[]]): Promise<void> {
  const child = startChild(order, {
    cwd: repositoryRoot,
    timeout: timeoutMs,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "close").catch(() => [null]);
  if (code === 0) return;
  throw new Stop(`${order.slice(0, 3).join(" ")} didn't finish; it says why above.`);
}
