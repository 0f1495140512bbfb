/** Cloud Run and its identity for functions whose clock is ahead; their runners report to them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { importJWK, SignJWT } from "jose";
import * as z from "zod";
import { accounts, audiences, projectId, region } from "../../local/cloud/names.ts";
import { runnerJobs } from "../../local/cloud/runner-jobs.ts";
import { AccessTokens } from "../../local/identity/access-tokens.ts";
import { startMetadata } from "../../local/identity/metadata.ts";
import { startRun } from "../../local/run/server.ts";
import { cloud } from "./cloud.ts";
import { instantContainers } from "./instant-containers.ts";

const plenty = 1_000_000;
/** Longer than any clock is ahead here. */
const tokenDays = "100d";

const Jwks = z.object({ keys: z.tuple([z.object({ kid: z.string() })]).rest(z.unknown()) });

export interface ShiftedRunner {
  /** The `PADDOCK_RUN_ENDPOINT` for `threads`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** @param gatewayUrl where its runners claim and settle. */
export async function startShiftedRunner(gatewayUrl: string): Promise<ShiftedRunner> {
  const { dataFolder } = cloud();
  const { runner: email } = accounts;
  const metadata = await startMetadata({
    email,
    projectId,
    issue: ({ audience }) => issue(dataFolder, { email, audience }),
    accessToken: (bearer) => new AccessTokens().issue(bearer),
  });
  const run = await startRun({
    projectId,
    region,
    dataFolder: join(dataFolder, "shifted-run"),
    cloudId: "shifted",
    metadataHost: `127.0.0.1:${metadata.port}`,
    jobs: runnerJobs({
      distFolder: "dist",
      gatewayUrl,
      modelGatewayUrl: gatewayUrl,
      gatewayAudience: audiences.gateway,
      account: email,
    }),
    limits: { runCallsPerMinuteMax: plenty, runningExecutionsMax: plenty },
    containers: instantContainers,
  });
  return {
    endpoint: `127.0.0.1:${run.port}`,
    async close() {
      await run.close();
      await metadata.close();
    },
  };
}

/** Signed with the run's own key, because the issuer's tokens last an hour at most. */
async function issue(
  dataFolder: string,
  claims: { readonly email: string; readonly audience: string },
): Promise<string> {
  const jwk = JSON.parse(await readFile(join(dataFolder, "identity-key.json"), "utf8"));
  const key = await importJWK(jwk, "RS256");
  const known = await fetch(cloud().environment.PADDOCK_OIDC_JWKS_URL ?? "");
  const [published] = Jwks.parse(await known.json()).keys;
  return await new SignJWT({ email: claims.email, email_verified: true })
    .setProtectedHeader({ alg: "RS256", kid: published.kid })
    .setIssuer(cloud().environment.PADDOCK_OIDC_ISSUER ?? "")
    .setAudience(claims.audience)
    .setSubject("1")
    .setIssuedAt()
    .setExpirationTime(tokenDays)
    .sign(key);
}
