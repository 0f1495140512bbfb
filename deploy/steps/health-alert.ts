/**
 * Wakes the alert that nobody reaches the API, once somebody has. Until its records and
 * certificates are there nobody can, and an alert that goes out before that teaches people to pass
 * over it.
 */
import * as z from "zod";
import { stateBucket } from "../preflight/names.ts";
import { detail, done, Stop } from "../print.ts";
import type { DeployContext, ProjectAt } from "./deploy-context.ts";

const timeoutMs = 15_000;
const Anything = z.looseObject({});
const storage = "https://storage.googleapis.com";
/** Its name has two dots, so no release is called like it (releases.ts). */
const marker = encodeURIComponent("releases/api.has-answered.json");

/**
 * Whether an earlier run has seen the API answer.
 * @throws {Stop} if that can't be seen: a plan would put the alert to sleep.
 */
export async function hasAnswered({ google, options }: ProjectAt): Promise<boolean> {
  const bucket = stateBucket(options.project);
  const found = await google.ask(`${storage}/storage/v1/b/${bucket}/o/${marker}`, Anything);
  if (found.ok || found.status === 404) return found.ok;
  throw new Stop(`Whether the API has answered before can't be seen: ${found.message}`);
}

/** Whether the API is healthy now, as its own route says. */
export async function answersNow(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(`${url}/v1/health`, { signal }).catch(() => null);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

/** @throws {Stop} if Monitoring refuses: an alert that stays asleep is no alert. */
export async function wakeHealthAlert(
  context: DeployContext,
  { url, health_alert: policy }: { readonly url: string; readonly health_alert: string },
): Promise<void> {
  if (await hasAnswered(context)) return;
  if (!(await answersNow(url))) {
    detail("The alert that nobody reaches the API stays asleep until a run sees it answer.");
    return;
  }
  const { google, options } = context;
  const patched = await google.ask(
    `https://monitoring.googleapis.com/v3/${policy}?updateMask=enabled`,
    Anything,
    { method: "PATCH", body: { name: policy, enabled: true } },
  );
  if (!patched.ok)
    throw new Stop(`The alert that nobody reaches the API sleeps: ${patched.message}`);
  const query = `uploadType=media&name=${marker}&ifGenerationMatch=0`;
  const raw = { type: "application/json", bytes: Buffer.from("{}") };
  const bucket = stateBucket(options.project);
  const kept = await google.ask(`${storage}/upload/storage/v1/b/${bucket}/o?${query}`, Anything, {
    method: "POST",
    raw,
  });
  if (!kept.ok && kept.status !== 412) {
    throw new Stop(`The next deployment would put the alert to sleep again: ${kept.message}`);
  }
  done("the alert that nobody reaches the API is awake");
}
