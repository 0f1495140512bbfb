/** Names that must be free, and remains of an earlier deployment that can't be made again. */
import * as z from "zod";
import { blocks, type CheckResult, type Finding, type GoogleAt, note } from "./check-result.ts";

export const stateBucket = (project: string) => `${project}-paddock-state`;
/**
 * The deployment's key ring, which lies where its data does: `locals.tf` says the same.
 *
 * @param location The variable `location`: `US`, or a region; anything else is the default.
 */
export function keyRingName(project: string, location: unknown): string {
  const place = typeof location === "string" ? location.toLowerCase() : "us";
  return `projects/${project}/locations/${place}/keyRings/paddock`;
}

const mainState = "main/default.tfstate";

const Bucket = z.object({ name: z.string(), projectNumber: z.string(), location: z.string() });
const Databases = z.object({
  databases: z
    .array(z.object({ name: z.string(), type: z.string(), locationId: z.string() }))
    .default([]),
});
const KeyRing = z.object({ name: z.string() });
const Found = z.looseObject({});

/** @param number of the project; null if it couldn't be read. */
export async function checkNames(context: GoogleAt, number: string | null): Promise<CheckResult> {
  const known = await stateIsThere(context);
  const findings = [
    ...(await checkBucket(context, number)),
    ...(known ? [] : await leftBehind(context)),
  ];
  return { subject: "names", found: findings.length === 0 ? "free, or ours" : "", findings };
}

/** Whether an earlier run has left a state; then existing resources are ours. */
async function stateIsThere({ google, options }: GoogleAt): Promise<boolean> {
  const object = encodeURIComponent(mainState);
  const url = `https://storage.googleapis.com/storage/v1/b/${stateBucket(options.project)}/o/${object}`;
  return (await google.ask(url, Found)).ok;
}

/** All of Google's customers share one namespace of buckets. */
async function checkBucket(
  { google, options }: GoogleAt,
  number: string | null,
): Promise<Finding[]> {
  const name = stateBucket(options.project);
  const answer = await google.ask(`https://storage.googleapis.com/storage/v1/b/${name}`, Bucket);
  const describe = `gcloud storage buckets describe gs://${name}`;
  if (!answer.ok) {
    if (answer.status !== 403) return [];
    return [blocks(`A bucket ${name} exists, and isn't yours to see.`, describe)];
  }
  if (number !== null && answer.value.projectNumber !== number) {
    return [blocks(`The bucket ${name} belongs to another project.`, describe)];
  }
  return [];
}

/** Without a state, existing resources with our names would be created again, which fails. */
async function leftBehind({ google, options }: GoogleAt): Promise<Finding[]> {
  const { project } = options;
  const findings: Finding[] = [];
  const databases = await google.ask(
    `https://firestore.googleapis.com/v1/projects/${project}/databases`,
    Databases,
  );
  const clash = databases.ok
    ? databases.value.databases.filter(({ name }) => /\/(\(default\)|keys)$/.test(name))
    : [];
  for (const { name, locationId } of clash) {
    const id = name.split("/").at(-1) ?? "";
    const what = `A Firestore database ${id} exists already, in ${locationId}, made by something else.`;
    findings.push(
      blocks(what, `gcloud firestore databases delete --database='${id}' --project=${project}`),
    );
  }
  const ring = await google.ask(
    `https://cloudkms.googleapis.com/v1/${keyRingName(project, options.variables.location)}`,
    KeyRing,
  );
  if (ring.ok) {
    const what = "The key ring paddock is left of an earlier deployment; it will be taken over.";
    findings.push(note(what));
  }
  return findings;
}
