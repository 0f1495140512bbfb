import type { createRemoteJWKSet } from "jose";
import * as z from "zod";
import { config } from "../config.ts";
import { ApiError } from "../errors/api-error.ts";

const Claims = z.object({ sub: z.string(), email: z.string(), email_verified: z.literal(true) });
export type Identity = { readonly subject: string; readonly email: string };

const clockToleranceS = 5;
let keys: ReturnType<typeof createRemoteJWKSet> | undefined;

/**
 * Verifies a Google ID token: signature, issuer, `audience`, expiry, verified address.
 * @throws {ApiError} `UNAUTHORIZED`, or `UNAVAILABLE` if the issuer's keys can't be fetched.
 */
export async function verifyIdToken(token: string, audience: string): Promise<Identity> {
  // Loaded on first use, because public functions don't need it and every start would pay for it.
  const { createRemoteJWKSet, errors, jwtVerify } = await import("jose");
  keys ??= createRemoteJWKSet(new URL(config().PADDOCK_OIDC_JWKS_URL), { timeoutDuration: 5_000 });
  try {
    const issuer = config().PADDOCK_OIDC_ISSUER;
    const options = { issuer, audience, clockTolerance: clockToleranceS, algorithms: ["RS256"] };
    const { payload } = await jwtVerify(token, keys, options);
    const claims = Claims.parse(payload);
    return { subject: claims.sub, email: claims.email };
  } catch (cause) {
    const unreachable =
      cause instanceof errors.JWKSTimeout || (cause instanceof Error && cause.name === "TypeError");
    if (unreachable) throw new ApiError("UNAVAILABLE", { cause });
    throw new ApiError("UNAUTHORIZED", {
      message: "Send a valid Google ID token for this service.",
      cause,
      authentication: { reason: "invalid token" },
    });
  }
}
