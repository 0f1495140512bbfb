/** Who deploys. */
import * as z from "zod";
import type { GoogleApi } from "../google/api.ts";
import { blocks, type CheckResult, explainRefusal, type PreflightAt } from "./check-result.ts";

const Me = z.object({ email: z.string().optional() });

/** As IAM writes it; a placeholder where Google doesn't say who it is. */
export async function memberOf(google: GoogleApi): Promise<string> {
  const answer = await google.ask("https://openidconnect.googleapis.com/v1/userinfo", Me);
  const email = answer.ok ? answer.value.email : undefined;
  if (email === undefined) return "user:YOU";
  return email.endsWith(".gserviceaccount.com") ? `serviceAccount:${email}` : `user:${email}`;
}

export async function lookAtCredentials(at: PreflightAt, member: string): Promise<CheckResult> {
  const subject = "credentials";
  if (at.credentials === null || at.google === null) {
    const what = "There are no Google credentials here.";
    const fix = ["gcloud auth login", "gcloud auth application-default login"];
    return { subject, found: "", findings: [blocks(what, ...fix)] };
  }
  const answer = await at.google.ask("https://openidconnect.googleapis.com/v1/userinfo", Me);
  const who = member === "user:YOU" ? "somebody" : member;
  if (answer.ok || answer.status === 403) {
    return { subject, found: `${who}, by ${at.credentials.from}`, findings: [] };
  }
  const renew = "gcloud auth login";
  const what = `The credentials (${at.credentials.from}) aren't accepted: ${explainRefusal(answer)}.`;
  return { subject, found: "", findings: [blocks(what, renew)] };
}
