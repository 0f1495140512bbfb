/** Finds the credentials that the deployment uses. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GoogleAuth } from "google-auth-library";

const scope = "https://www.googleapis.com/auth/cloud-platform";
const email = "https://www.googleapis.com/auth/userinfo.email";
const gcloudTimeoutMs = 20_000;

export interface Credentials {
  /** Where they were found, in words for people. */
  readonly from: string;
  /** Calls with a person's credentials must name a project for their quota; others needn't. */
  readonly needsQuotaProject: boolean;
  /** Whether Terraform gets one token that ends within the hour, and can't renew it. */
  readonly isShortLived: boolean;
  /** An access token, renewed before it expires. @throws if Google refuses. */
  accessToken(): Promise<string>;
}

/** Looks where Terraform's provider looks, then asks gcloud; null if there are none. */
export function findCredentials(environment: NodeJS.ProcessEnv): Credentials | null {
  const given = environment.GOOGLE_OAUTH_ACCESS_TOKEN;
  if (given) {
    const accessToken = async () => given;
    return {
      from: "GOOGLE_OAUTH_ACCESS_TOKEN",
      needsQuotaProject: false,
      isShortLived: true,
      accessToken,
    };
  }
  const file = environment.GOOGLE_APPLICATION_CREDENTIALS ?? wellKnownFile(environment);
  if (existsSync(file)) return applicationDefault(file, environment);
  return onPath("gcloud", environment) ? fromGcloud() : null;
}

function wellKnownFile(environment: NodeJS.ProcessEnv): string {
  const name = "application_default_credentials.json";
  const { CLOUDSDK_CONFIG } = environment;
  return join(CLOUDSDK_CONFIG ?? join(homedir(), ".config", "gcloud"), name);
}

function applicationDefault(file: string, environment: NodeJS.ProcessEnv): Credentials {
  // Without this, a machine outside of Google Cloud waits seconds for the metadata server.
  environment.METADATA_SERVER_DETECTION ??= "none";
  const auth = new GoogleAuth({ keyFilename: file, scopes: [scope, email] });
  return {
    from: "application default credentials",
    needsQuotaProject: !environment.GOOGLE_APPLICATION_CREDENTIALS,
    isShortLived: false,
    async accessToken() {
      const token = await auth.getAccessToken();
      if (!token) throw new Error("Google gave no access token");
      return token;
    },
  };
}

function fromGcloud(): Credentials {
  return {
    from: "gcloud",
    needsQuotaProject: false,
    isShortLived: true,
    async accessToken() {
      const options = { timeout: gcloudTimeoutMs };
      const order = ["auth", "print-access-token"];
      const { stdout } = await promisify(execFile)("gcloud", order, options).catch(() => {
        throw new Error("gcloud has no account, or its login has ended");
      });
      return stdout.trim();
    },
  };
}

/** Whether a program of that name can be started. */
export function onPath(program: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  const folders = (environment.PATH ?? "").split(":");
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}
