/**
 * Builds the runner's image for the probe: in a bucket and as an account of the probe's own. A bare
 * project has no account that may build: Google's default one comes with the Compute Engine API,
 * in newer organisations without any right. And gcloud would make a bucket that stays.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { line } from "../print.ts";
import { submitBuild } from "../steps/cloud-build.ts";
import { buildRegionOf } from "../steps/images.ts";
import {
  Anything,
  make,
  type ProbeContext,
  probeName,
  remove,
  type Undo,
  untilAnswered,
} from "./throw-away.ts";

const Policy = z.looseObject({
  etag: z.string().default(""),
  bindings: z
    .array(
      z.looseObject({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.unknown().optional(),
      }),
    )
    .default([]),
});
type Policy = z.infer<typeof Policy>;
const Objects = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });

const storage = "https://storage.googleapis.com/storage/v1/b";
const account = `${probeName}-build`;

/** @returns The image that was pushed. @throws {Stop} If it can't be built. */
export async function buildImage(context: ProbeContext, undo: Undo): Promise<string> {
  const { clock, google, project, region } = context;
  const email = `${account}@${project}.iam.gserviceaccount.com`;
  const accounts = `https://iam.googleapis.com/v1/projects/${project}/serviceAccounts`;
  undo.push(() => remove(context, `${accounts}/${email}`, "the account of the build"));
  await make(context, accounts, { accountId: account });
  const repositories = `https://artifactregistry.googleapis.com/v1/projects/${project}/locations/${region}/repositories`;
  undo.push(() => remove(context, `${repositories}/${probeName}`, "the repository with the image"));
  await make(context, `${repositories}?repositoryId=${probeName}`, { format: "DOCKER" });
  const bucket = `${project}-${probeName}`;
  undo.push(() => removeBucket(context, bucket));
  await make(context, `${storage}?project=${project}`, {
    name: bucket,
    location: "US",
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: "enforced",
    },
    // What is removed is gone, and not kept for a week.
    softDeletePolicy: { retentionDurationSeconds: "0" },
  });
  await grant(context, undo, `serviceAccount:${email}`, bucket);
  const image = `${region}-docker.pkg.dev/${project}/${probeName}/runner:probe`;
  const folder = mkdtempSync(join(tmpdir(), "paddock-probe-"));
  try {
    const config = join(folder, "cloudbuild.json");
    writeFileSync(
      config,
      JSON.stringify(buildOf(image, `projects/${project}/serviceAccounts/${email}`)),
    );
    line("Cloud Build builds the runner's image; this takes most of the time.");
    const place = { clock, google, project, region: buildRegionOf(region) };
    await submitBuild(place, [
      ...(["gcloud", "builds", "submit", `--project=${project}`] as const),
      ...[`--region=${place.region}`, `--config=${config}`, "--suppress-logs", "--format=json"],
      `--gcs-source-staging-dir=gs://${bucket}/source`,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return image;
}

function buildOf(image: string, serviceAccount: string): object {
  const args = ["build", "--file=runner/Dockerfile", `--tag=${image}`, "."];
  const step = { name: "gcr.io/cloud-builders/docker", args, env: ["DOCKER_BUILDKIT=1"] };
  const options = { logging: "CLOUD_LOGGING_ONLY" };
  return { steps: [step], images: [image], timeout: "1500s", serviceAccount, options };
}

/** What a build needs: its sources, where its image goes, and the project's log. */
async function grant(
  context: ProbeContext,
  undo: Undo,
  member: string,
  bucket: string,
): Promise<void> {
  const { project, region } = context;
  const repository = `https://artifactregistry.googleapis.com/v1/projects/${project}/locations/${region}/repositories/${probeName}`;
  const whole = `https://cloudresourcemanager.googleapis.com/v3/projects/${project}`;
  await change(context, ofBucket(bucket), withGrant("roles/storage.objectViewer", member));
  await change(
    context,
    { read: `${repository}:getIamPolicy`, readBy: "GET", write: `${repository}:setIamPolicy` },
    withGrant("roles/artifactregistry.writer", member),
  );
  const ofProject = { read: `${whole}:getIamPolicy`, write: `${whole}:setIamPolicy` };
  undo.push(async () => {
    // Before the account goes: its name would stay in the policy.
    await change(context, { ...ofProject, readBy: "POST" }, without(member)).catch(() =>
      line(`✗ ${member} keeps roles/logging.logWriter on the project`),
    );
  });
  await change(
    context,
    { ...ofProject, readBy: "POST" },
    withGrant("roles/logging.logWriter", member),
  );
}

interface PolicyAt {
  readonly read: string;
  readonly readBy: "GET" | "POST";
  readonly write: string;
}

const ofBucket = (bucket: string): PolicyAt & { readonly isBucket: true } => ({
  read: `${storage}/${bucket}/iam`,
  readBy: "GET",
  write: `${storage}/${bucket}/iam`,
  isBucket: true,
});

const withGrant =
  (role: string, member: string) =>
  ({ bindings, ...rest }: Policy): Policy => ({
    ...rest,
    bindings: [...bindings, { role, members: [member] }],
  });

const without =
  (member: string) =>
  ({ bindings, ...rest }: Policy): Policy => ({
    ...rest,
    bindings: bindings
      .map((binding) => ({ ...binding, members: binding.members.filter((one) => one !== member) }))
      .filter(({ members }) => members.length > 0),
  });

/** Reads a policy and writes it back changed, again if somebody else was faster (its etag). */
async function change(
  context: ProbeContext,
  place: PolicyAt & { readonly isBucket?: true },
  changed: (policy: Policy) => Policy,
): Promise<void> {
  const { google } = context;
  await untilAnswered(context, `the policy ${place.write}`, async () => {
    // Version 3 keeps conditions of others as they are.
    const options = { options: { requestedPolicyVersion: 3 } };
    const body = place.readBy === "POST" ? { body: options } : {};
    const policy = await google.ask(place.read, Policy, { method: place.readBy, ...body });
    if (!policy.ok) return policy;
    const wanted = changed(policy.value);
    return await google.ask(place.write, Anything, {
      method: place.isBucket ? "PUT" : "POST",
      body: place.isBucket ? wanted : { policy: wanted },
    });
  });
}

async function removeBucket(context: ProbeContext, bucket: string): Promise<void> {
  const listed = await context.google.ask(`${storage}/${bucket}/o`, Objects);
  for (const { name } of listed.ok ? listed.value.items : []) {
    const url = `${storage}/${bucket}/o/${encodeURIComponent(name)}`;
    await context.google.ask(url, Anything, { method: "DELETE" });
  }
  await remove(context, `${storage}/${bucket}`, "the bucket with the sources");
}
