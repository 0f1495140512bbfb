import { expect, test } from "vitest";
import { clockOf } from "../clock.ts";
import { GoogleApi } from "../google/api.ts";
import { checkCredentials } from "./credentials.ts";

const options = {} as Parameters<typeof checkCredentials>[0]["options"];

async function findingsFor(
  from: string,
  isShortLived: boolean,
  environment: NodeJS.ProcessEnv = {},
) {
  const accessToken = () => Promise.resolve("a-token");
  const credentials = { from, needsQuotaProject: false, isShortLived, accessToken };
  const google = new GoogleApi(credentials, "demo-1234", null);
  google.ask = () => Promise.resolve({ ok: false, status: 403, reason: "", message: "" });
  const context = {
    ...{ options, credentials, google, endpoint: null, environment },
    clock: clockOf(null),
  };
  return (await checkCredentials(context, "user:me@example.com")).findings;
}

test("gcloud's own token, which may end before the apply does, begins nothing", async () => {
  expect(await findingsFor("gcloud", true)).toMatchObject([
    { kind: "blocks", fix: ["gcloud auth application-default login"] },
  ]);
  expect(await findingsFor("GOOGLE_OAUTH_ACCESS_TOKEN", true)).toMatchObject([{ kind: "note" }]);
  expect(await findingsFor("application default credentials", false)).toEqual([]);
});

test("variables that only Terraform follows begin nothing", async () => {
  const environment = {
    GOOGLE_APPLICATION_CREDENTIALS: "/home/me/adc.json",
    GOOGLE_CREDENTIALS: "/home/me/other.json",
    GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: "other@example.iam.gserviceaccount.com",
  };
  expect(await findingsFor("application default credentials", false, environment)).toMatchObject([
    { kind: "blocks", fix: ["unset GOOGLE_CREDENTIALS GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] },
  ]);
});
