import * as z from "zod";
import type { GoogleAnswer, GoogleApi } from "./api.ts";

/** Gets an ID token of a service account. The caller must be its OpenID token creator. */
export async function idTokenFor(
  google: GoogleApi,
  account: string,
  audience: string,
): Promise<GoogleAnswer<string>> {
  const url = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateIdToken`;
  const body = { audience, includeEmail: true };
  const answer = await google.ask(url, z.object({ token: z.string() }), { method: "POST", body });
  return answer.ok ? { ok: true, value: answer.value.token } : answer;
}
