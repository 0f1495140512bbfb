/** Stores releases in the state's bucket, with everything that restoring one needs. */
import { createHash } from "node:crypto";
import * as z from "zod";
import { stateBucket } from "../preflight/names.ts";
import { Stop } from "../print.ts";
import type { DeployContext, ProjectAt } from "./deploy-context.ts";
import { ifThere } from "./if-there.ts";

const perPage = 1_000;
/** A release has three objects. */
const pagesMax = 100;

export const Release = z.object({
  v: z.literal(1),
  /** It begins with the time, so that ids sort by age, and ends with the commit. */
  id: z.string().regex(/^\d{8}T\d{9}Z-[0-9a-z-]+$/),
  at: z.string(),
  by: z.string(),
  commit: z.string(),
  images: z.object({ functions: z.string(), runner: z.string() }),
  /** Digest of the applied plan; null if it had nothing to change. */
  planSha256: z.string().nullable(),
  listsSha256: z.string(),
  /** Variables of the main root, except for paths on the deploying machine. None is secret. */
  variables: z.record(z.string(), z.unknown()),
  /** A rollback doesn't restore these, because keys made since then must stay valid. */
  secretVersions: z.object({
    peppers: z.string(),
    gateway_tokens: z.string(),
    /** Releases before this one had none. */
    mail_login: z.string().default("1"),
    // Releases from before models were offered lack it.
    provider_keys: z.string().default("1"),
  }),
  github: z.object({ repository: z.string(), repository_id: z.string() }).nullable(),
  rollbackOf: z.string().nullable(),
});
export type Release = z.infer<typeof Release>;

/** The lists that the build wrote for Terraform at that time. */
export const Lists = z.object({ functions: z.unknown(), runner: z.unknown() });
export type Lists = z.infer<typeof Lists>;

const Listing = z.object({
  items: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});
const Written = z.looseObject({});

const storage = "https://storage.googleapis.com";

/**
 * The releases, newest first; none if there is no bucket yet.
 * @throws {Stop} if they can't be listed now. Without the newest, a deployment would take defaults
 * for all that earlier ones stated.
 */
export async function listReleases({ google, options }: ProjectAt) {
  const bucket = stateBucket(options.project);
  const query = `prefix=releases/&maxResults=${perPage}`;
  const url = `${storage}/storage/v1/b/${bucket}/o?${query}`;
  const pages = ifThere(
    await google.askPages(url, Listing, pagesMax),
    (message) => `The releases can't be listed: ${message}. Run the same command again.`,
  );
  // What the preflight looks at next explains why there is none.
  if (pages === null) return [];
  if (pages.at(-1)?.nextPageToken) {
    throw new Stop(`There are more than ${pagesMax * perPage} objects of releases in ${bucket}.`);
  }
  const items = pages.flatMap((page) => page.items);
  const names = items.map(({ name }) => name.replace("releases/", ""));
  const ids = names.filter((name) => /^[^.]+\.json$/.test(name));
  return ids
    .map((name) => name.replace(".json", ""))
    .sort()
    .reverse()
    .map((id) => ({ id, isVerified: names.includes(`${id}.verified.json`) }));
}

export async function newestRelease(context: DeployContext): Promise<Release | null> {
  const [newest] = await listReleases(context);
  return newest ? await readRelease(context, newest.id) : null;
}

/** @throws {Stop} if there is no release with that id. */
export async function readRelease(context: DeployContext, id: string): Promise<Release> {
  return await read(context, `${id}.json`, Release);
}

export async function readLists(context: DeployContext, id: string): Promise<Lists> {
  return await read(context, `${id}.lists.json`, Lists);
}

/** The lists are written first, so that a visible release is complete. */
export async function writeRelease(
  context: DeployContext,
  release: Release,
  lists: Lists,
): Promise<void> {
  await write(context, `${release.id}.lists.json`, lists);
  await write(context, `${release.id}.json`, release);
}

/** Records that the smoke test has passed. */
export async function markVerified(
  context: DeployContext,
  id: string,
  checks: number,
): Promise<void> {
  await write(context, `${id}.verified.json`, { at: new Date().toISOString(), checks });
}

export function releaseId(now: Date, commit: string): string {
  const time = now.toISOString().replace(/[-:.]/g, "");
  return `${time}-${commit.slice(0, 12)}`;
}

export function digestOf(lists: Lists): string {
  return createHash("sha256").update(JSON.stringify(lists)).digest("hex");
}

async function read<T>(context: DeployContext, name: string, schema: z.ZodType<T>): Promise<T> {
  const object = encodeURIComponent(`releases/${name}`);
  const bucket = stateBucket(context.options.project);
  const url = `${storage}/storage/v1/b/${bucket}/o/${object}?alt=media`;
  const answer = await context.google.ask(url, schema);
  if (answer.ok) return answer.value;
  throw new Stop(`The release ${name} can't be read: ${answer.status} ${answer.message}`);
}

async function write(context: DeployContext, name: string, value: object): Promise<void> {
  const object = encodeURIComponent(`releases/${name}`);
  const query = `uploadType=media&name=${object}&ifGenerationMatch=0`;
  const url = `${storage}/upload/storage/v1/b/${stateBucket(context.options.project)}/o?${query}`;
  const bytes = Buffer.from(JSON.stringify(value, null, 2));
  const request = { method: "POST", raw: { type: "application/json", bytes } } as const;
  const answer = await context.google.ask(url, Written, request);
  // 412 means that an earlier try for this very release wrote it.
  if (answer.ok || answer.status === 412) return;
  throw new Stop(`The release ${name} can't be kept: ${answer.status} ${answer.message}`);
}
