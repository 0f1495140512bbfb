/** google-auth-library and jose against the local issuer; local/identity/CONFORMANCE.md. */
import { request } from "node:http";
import { GoogleAuth, OAuth2Client } from "google-auth-library";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Identity, startIdentity } from "../../local/identity/server.ts";
import type { HttpServer } from "../../local/lib/http.ts";
import { makeFolder, removeFolder } from "./grpc-kit.ts";

const folder = makeFolder();
const foreignFolder = makeFolder();
const email = "runner@paddock-test.iam.gserviceaccount.com";
const audience = "https://gateway.internal";
const projectId = "paddock-test";
let identity: Identity;
let foreign: Identity;
let metadata: HttpServer;

beforeAll(async () => {
  identity = await startIdentity({ dataFolder: folder, projectId });
  foreign = await startIdentity({ dataFolder: foreignFolder, projectId });
  metadata = await identity.startMetadataServer({ email });
});

afterAll(async () => {
  await Promise.all([identity.close(), foreign.close()]);
  removeFolder(folder);
  removeFolder(foreignFolder);
});

function verify(token: string, expected = audience) {
  const keys = createRemoteJWKSet(new URL(identity.jwksUrl));
  return jwtVerify(token, keys, { issuer: identity.issuer, audience: expected });
}

function googleVerifier(): OAuth2Client {
  const oauth2FederatedSignonPemCertsUrl = `${identity.issuer}/oauth2/v1/certs`;
  return new OAuth2Client({
    issuers: [identity.issuer],
    endpoints: { oauth2FederatedSignonPemCertsUrl },
  });
}

describe("an ID token", () => {
  test("says who its bearer is, for an hour at most", async () => {
    const { payload } = await verify(await identity.issue({ email, audience }));
    expect(payload).toMatchObject({ email, email_verified: true, iss: identity.issuer });
    expect(payload.sub).toMatch(/^\d{21}$/);
    expect(payload.azp).toBe(payload.sub);
    expect(Number(payload.exp) - Number(payload.iat)).toBe(3_600);
    await expect(identity.issue({ email, audience, expiresInS: 3_601 })).rejects.toThrow("hour");
    const named = decodeJwt(await identity.issue({ email, audience, subject: "7" }));
    expect(named.sub).toBe("7");
  });

  test("is refused for another audience, once expired, changed, or of a foreign issuer", async () => {
    const token = await identity.issue({ email, audience });
    const expired = await identity.issue({ email, audience, expiresInS: -10 });
    const ofForeigner = await foreign.issue({ email, audience });
    const [head, body, signature] = token.split(".");
    const changed = `${head}.${body}.${signature?.startsWith("A") ? "B" : "A"}${signature?.slice(1)}`;
    await expect(verify(token, "https://other")).rejects.toThrow("aud");
    await expect(verify(expired)).rejects.toThrow("exp");
    await expect(verify(changed)).rejects.toThrow("signature");
    await expect(verify(ofForeigner)).rejects.toThrow();
    const google = googleVerifier();
    const accept = (idToken: string) => google.verifyIdToken({ idToken, audience });
    expect((await accept(token)).getPayload()).toMatchObject({ email });
    const wrong = google.verifyIdToken({ idToken: token, audience: "https://other" });
    await expect(wrong).rejects.toThrow("audience");
    await expect(accept(ofForeigner)).rejects.toThrow();
    await expect(accept(changed)).rejects.toThrow();
  });

  test("stays valid over a restart", async () => {
    const token = await identity.issue({ email, audience });
    const again = await startIdentity({ dataFolder: folder, projectId });
    const keys = createRemoteJWKSet(new URL(again.jwksUrl));
    expect((await jwtVerify(token, keys, { audience })).payload.email).toBe(email);
    await again.close();
  });
});

test("the discovery document leads to the keys", async () => {
  const response = await fetch(`${identity.issuer}/.well-known/openid-configuration`);
  expect(await response.json()).toMatchObject({
    issuer: identity.issuer,
    jwks_uri: identity.jwksUrl,
    id_token_signing_alg_values_supported: ["RS256"],
  });
  expect((await fetch(`${identity.issuer}/token`)).status).toBe(404);
  expect((await fetch(identity.jwksUrl, { method: "POST" })).status).toBe(405);
});

describe("the metadata server", () => {
  const headers = { "metadata-flavor": "Google" };
  const account = "/computeMetadata/v1/instance/service-accounts";
  const get = (path: string, more: Record<string, string> = headers) =>
    fetch(`${metadata.url}${path}`, { headers: more });

  test("gives the unmodified client an ID token that verifies", async () => {
    vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${metadata.port}`);
    vi.stubEnv("METADATA_SERVER_DETECTION", "assume-present");
    const client = await new GoogleAuth().getIdTokenClient(audience);
    const token = await client.idTokenProvider.fetchIdToken(audience);
    vi.unstubAllEnvs();
    const { payload } = await verify(token);
    expect(payload).toMatchObject({ email, aud: audience });
  });

  test("tells address, project and universe, by default or by name", async () => {
    const text = async (path: string) => (await get(path)).text();
    expect(await text(`${account}/default/email`)).toBe(email);
    expect(await text(`${account}/${email}/email`)).toBe(email);
    expect(await text("/computeMetadata/v1/project/project-id")).toBe(projectId);
    expect(await text("/computeMetadata/v1/universe/universe-domain")).toBe("googleapis.com");
    const token = await (await get(`${account}/default/token`)).json();
    expect(token).toMatchObject({ token_type: "Bearer", access_token: expect.any(String) });
  });

  test("refuses what a browser or a proxy would send, and what isn't there", async () => {
    const path = `${account}/default/identity?audience=a`;
    expect((await get(path, {})).status).toBe(403);
    expect((await get(path, { ...headers, "x-forwarded-for": "10.0.0.1" })).status).toBe(403);
    expect((await get(`${account}/default/identity`)).status).toBe(400);
    expect((await get(`${account}/other@example.com/email`)).status).toBe(404);
  });

  test("refuses a request that names another host", async () => {
    const answered = new Promise<number | undefined>((resolve, reject) => {
      const { port } = metadata;
      const path = `${account}/default/email`;
      const options = { host: "127.0.0.1", port, path, headers: { ...headers, host: "evil.test" } };
      request(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(await answered).toBe(403);
  });
});
