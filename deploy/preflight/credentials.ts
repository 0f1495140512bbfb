/** Checks the deployer's credentials. */
import * as z from "zod";
import type { GoogleApi } from "../google/api.ts";
import { blocks, type CheckResult, explainRefusal, type PreflightAt } from "./check-result.ts";

const Me = z.object({ email: z.string().optional() });

/** The member in IAM's notation; a placeholder if Google doesn't say who it is. */
export async function memberOf(google: GoogleApi): Promise<string> {
  const answer = await google.ask("https://openidconnect.googleapis.com/v1/userinfo", Me);
  const email = answer.ok ? answer.value.email : undefined;
  if (email === undefined) return "user:YOU";
  return email.endsWith(".gserviceaccount.com") ? `serviceAccount:${email}` : `user:${email}`;
}

export async function lookAtCredentials(
  context: PreflightAt,
  member: string,
): Promise<CheckResult> {
  const subject = "credentials";
  if (context.credentials === null || context.google === null) {
    const what = "There are no Google credentials here.";
    const fix = ["gcloud auth login", "gcloud auth application-default login"];
    return { subject, found: "", findings: [blocks(what, ...fix)] };
  }
  const answer = await context.google.ask("https://openidconnect.googleapis.com/v1/userinfo", Me);
  const who = member === "user:YOU" ? "somebody" : member;
  if (answer.ok || answer.status === 403) {
    return { subject, found: `${who}, by ${context.credentials.from}`, findings: [] };
  }
  const renew = "gcloud auth login";
  const what = `The credentials (${context.credentials.from}) aren't accepted: ${explainRefusal(answer)}.`;
  return { subject, found: "", findings: [blocks(what, renew)] };
}
