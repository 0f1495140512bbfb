/** Has Cloud Build build the images, as often as new grants need, and says why it failed. */
import { once } from "node:events";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { startChild } from "../../scripts/tools/start-child.ts";
import { type Clock, waitUntil } from "../clock.ts";
import type { GoogleApi } from "../google/api.ts";
import { imagesOfBuild } from "../images/images-of-build.ts";
import { detail, Stop } from "../print.ts";

const timeoutMs = 60 * 60_000;
const outputBytesMax = 4 * 1024 * 1024;
/**
 * The builder's rights have just been granted, which Google says may take seven minutes and longer
 * (cloud.google.com/iam/docs/access-change-propagation).
 */
const patience = { everyMs: 30_000, withinMs: 7 * 60_000 };
const permissionError =
  /PERMISSION_DENIED|does not have (permission|\S+ access)|lacks? \S+ permission|Permission .*denied|caller does not have|\b403\b|forbidden/i;

const Build = z.object({
  status: z.string().default(""),
  statusDetail: z.string().default(""),
  logUrl: z.string().default(""),
  failureInfo: z
    .object({ type: z.string().default(""), detail: z.string().default("") })
    .optional(),
  steps: z
    .array(
      z.object({
        id: z.string().default(""),
        name: z.string().default(""),
        status: z.string().default(""),
      }),
    )
    .default([]),
});

interface Failed {
  readonly why: string;
  readonly isPermission: boolean;
}

export interface BuildIn {
  readonly clock: Clock;
  readonly google: GoogleApi;
  readonly project: string;
  readonly region: string;
}

type BuildOrder = readonly [string, ...string[]];

/** Builds both images. @throws {Stop} With the reason, if the build fails. */
export async function buildInCloud(place: BuildIn, order: BuildOrder): Promise<void> {
  const described = await submitBuild(place, order);
  try {
    imagesOfBuild(JSON.parse(described));
  } catch (error) {
    throw new Stop(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param order `gcloud builds submit …`.
 * @returns The build, as gcloud describes it. @throws {Stop} With the reason, if it fails.
 */
export async function submitBuild(place: BuildIn, order: BuildOrder): Promise<string> {
  let last: Failed | null = null;
  const described = await waitUntil(place.clock, patience, async () => {
    const ended = await submit(order);
    if (ended.code === 0) return ended.output;
    last = await explain(place, ended.errors);
    if (!last.isPermission) throw new Stop(`The build failed: ${last.why}`);
    detail(`Cloud Build may not yet: ${last.why}; once more in ${patience.everyMs / 1000} s`);
    return null;
  });
  if (described === null) {
    const minutes = patience.withinMs / 60_000;
    throw new Stop(
      `After ${minutes} minutes Cloud Build still may not: ${lastReason(last)} Grant what it names, then run the same command again.`,
    );
  }
  return described;
}

const lastReason = (failed: Failed | null) => failed?.why ?? "it doesn't say what.";

/** Asks Cloud Build about the build that failed; gcloud itself says only that it did. */
async function explain({ google, project, region }: BuildIn, errors: string): Promise<Failed> {
  const said = errors.split("\n").find((text) => /ERROR/.test(text)) ?? errors.trim();
  const id = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/.exec(errors)?.[0];
  if (id === undefined) return { why: said, isPermission: permissionError.test(errors) };
  const url = `https://cloudbuild.googleapis.com/v1/projects/${project}/locations/${region}/builds/${id}`;
  const answer = await google.ask(url, Build);
  if (!answer.ok) return { why: said, isPermission: permissionError.test(errors) };
  const { failureInfo, logUrl, statusDetail, steps } = answer.value;
  const step = steps.find(({ status }) => status === "FAILURE");
  const parts = [
    failureInfo?.detail || statusDetail || said,
    step === undefined ? "" : `in the step ${step.id || step.name}`,
    logUrl === "" ? "" : `its log: ${logUrl}`,
  ];
  const why = parts.filter((part) => part !== "").join(", ");
  return { why, isPermission: permissionError.test(why) };
}

async function submit(order: BuildOrder) {
  const child = startChild(order, {
    cwd: repositoryRoot,
    timeout: timeoutMs,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk: Buffer) => {
      if (name === "stderr") process.stderr.write(chunk);
      said[name] = (said[name] + chunk.toString()).slice(-outputBytesMax);
    });
  }
  const [code] = await once(child, "close").catch(() => [null]);
  return { code, output: said.stdout, errors: said.stderr };
}
