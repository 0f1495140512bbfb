/** Checks the deployer's credentials. */
import * as z from "zod";
import type { GoogleApi } from "../google/api.ts";
import type { Credentials } from "../google/token.ts";
import {
  blocks,
  type CheckResult,
  explainRefusal,
  type Finding,
  note,
  type PreflightAt,
} from "./check-result.ts";

const Me = z.object({ email: z.string().optional() });

/** Stands for the deployer in commands that are shown, if Google doesn't say who that is. */
export const unknownMember = "user:YOU";

/** The deployer in IAM's notation, or `unknownMember`. */
export async function memberOf(google: GoogleApi): Promise<string> {
  const answer = await google.ask("https://openidconnect.googleapis.com/v1/userinfo", Me);
  const email = answer.ok ? answer.value.email : undefined;
  if (email === undefined) return unknownMember;
  return email.endsWith(".gserviceaccount.com") ? `serviceAccount:${email}` : `user:${email}`;
}

export async function checkCredentials(context: PreflightAt, member: string): Promise<CheckResult> {
  const subject = "credentials";
  if (context.credentials === null || context.google === null) {
    const what = "No Google credentials found.";
    const fix = ["gcloud auth login", "gcloud auth application-default login"];
    return { subject, found: "", findings: [blocks(what, ...fix)] };
  }
  const answer = await context.google.ask("https://openidconnect.googleapis.com/v1/userinfo", Me);
  const account = member === unknownMember ? "an account that Google doesn't name" : member;
  // With 403 Google accepts the credentials, and only refuses to say whose they are.
  if (answer.ok || answer.status === 403) {
    const findings = [...lifetimeOf(context.credentials), ...otherIdentities(context.environment)];
    return { subject, found: `${account}, from ${context.credentials.from}`, findings };
  }
  const renew = "gcloud auth login";
  const what = `The credentials (${context.credentials.from}) aren't accepted: ${explainRefusal(answer)}.`;
  return { subject, found: "", findings: [blocks(what, renew)] };
}

/**
 * gcloud's own token ends within the hour, Terraform can't renew it, and a first apply may take
 * longer: it would end half-way. A token that is given by hand is its giver's to know.
 */
function lifetimeOf({ from, isShortLived }: Credentials): Finding[] {
  if (!isShortLived) return [];
  if (from !== "gcloud") return [note(`The token of ${from} must live as long as the apply.`)];
  const what = "gcloud's own token ends within the hour, and a first apply may take longer.";
  return [blocks(what, "gcloud auth application-default login")];
}

/**
 * Variables that make Terraform, and nothing else here, act as somebody else: as its provider and
 * its backend for Cloud Storage read them (their references: `credentials`,
 * `impersonate_service_account`). What is checked and shown would be another's rights.
 */
const ofTerraformAlone = ["GOOGLE_", "GOOGLE_BACKEND_"].flatMap((prefix) =>
  ["CREDENTIALS", "IMPERSONATE_SERVICE_ACCOUNT"].map((name) => `${prefix}${name}`),
);
const earlierNames = ["GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"];

function otherIdentities(environment: NodeJS.ProcessEnv): Finding[] {
  const set = [...ofTerraformAlone, ...earlierNames].filter((name) => environment[name]);
  if (set.length === 0) return [];
  const what = `Terraform would act as whom ${set.join(", ")} names, and not as the account that is checked here.`;
  return [blocks(what, `unset ${set.join(" ")}`)];
}
