/** Signs ID tokens as Google's issuer does, with this machine's own key. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  calculateJwkThumbprint,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
} from "jose";
import * as z from "zod";
import { assert } from "#shared/core/assert";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";

const expiresInSMax = 3_600;

export interface IdTokenRequest {
  /** The person or service account that the token speaks for. */
  readonly email: string;
  readonly audience: string;
  /** Google's stable id of the account. By default it is derived from the address. */
  readonly subject?: string | undefined;
  /** At most an hour; zero or less makes an expired token. */
  readonly expiresInS?: number | undefined;
}

export interface Issuer {
  /** `{ keys: [...] }`, the form of a JWKS address. */
  readonly jwks: { readonly keys: readonly object[] };
  /** Key id to PEM, the older form that google-auth-library asks for. */
  readonly certificates: Readonly<Record<string, string>>;
  issue(issuerUrl: string, request: IdTokenRequest): Promise<string>;
}

const PrivateJwk = z.object({
  kty: z.literal("RSA"),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  p: z.string(),
  q: z.string(),
  dp: z.string(),
  dq: z.string(),
  qi: z.string(),
});

/** Opens the signing key in `identity-key.json` (mode 600), which is made at the first start. */
export async function openIssuer(dataFolder: string): Promise<Issuer> {
  const path = join(dataFolder, "identity-key.json");
  const jwk = (await readJsonFile(path, PrivateJwk)) ?? (await createKey(path));
  const publicJwk = { kty: jwk.kty, n: jwk.n, e: jwk.e };
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateKey = await importJWK(jwk, "RS256");
  const publicKey = await importJWK(publicJwk, "RS256", { extractable: true });
  assert(!(publicKey instanceof Uint8Array), "an RSA key isn't bytes");
  return {
    jwks: { keys: [{ ...publicJwk, kid, alg: "RS256", use: "sig" }] },
    certificates: { [kid]: await exportSPKI(publicKey) },
    async issue(issuerUrl, { email, audience, subject, expiresInS = expiresInSMax }) {
      assert(Number.isFinite(expiresInS) && expiresInS <= expiresInSMax, "an hour at most");
      assert(email !== "" && audience !== "", "a token names its bearer and its audience");
      const nowS = Math.floor(Date.now() / 1000);
      const sub = subject ?? subjectOf(email);
      return await new SignJWT({ email, email_verified: true, azp: sub })
        .setProtectedHeader({ alg: "RS256", kid, typ: "JWT" })
        .setIssuer(issuerUrl)
        .setAudience(audience)
        .setSubject(sub)
        .setIssuedAt(Math.min(nowS, nowS + expiresInS))
        .setExpirationTime(nowS + expiresInS)
        .sign(privateKey);
    },
  };
}

async function createKey(path: string): Promise<z.infer<typeof PrivateJwk>> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = PrivateJwk.parse(await exportJWK(privateKey));
  await writeFileAtomically(path, JSON.stringify(jwk));
  return jwk;
}

/** Google's ids have 21 digits. */
function subjectOf(email: string): string {
  const digest = createHash("sha256").update(email).digest("hex");
  return BigInt(`0x${digest}`).toString().padStart(21, "1").slice(0, 21);
}
