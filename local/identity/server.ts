import { HttpError, type HttpServer, sendJson, startHttpServer } from "../lib/http.ts";
import { AccessTokens } from "./access-tokens.ts";
import { type AccountKeys, openAccountKeys } from "./account-keys.ts";
import { type IdTokenRequest, type Issuer, openIssuer } from "./issuer.ts";
import { type MetadataOptions, startMetadata } from "./metadata.ts";
import { answerSignBlob, isSignBlob } from "./sign-blob.ts";

export interface IdentityOptions {
  /** Stores the signing key, so that tokens survive a restart. */
  readonly dataFolder: string;
  readonly projectId: string;
  /** The service accounts that can have something signed; without them none can. */
  readonly keys?: AccountKeys;
  readonly port?: number | undefined;
}

export interface Identity {
  readonly port: number;
  /** The `iss` of its tokens. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** `HOST:PORT` of IAM Credentials. */
  readonly credentialsHost: string;
  /** Issues a signed OIDC ID token. Only for this process; no address gives one to strangers. */
  issue(request: IdTokenRequest): Promise<string>;
  /** A metadata server that speaks for one service account; it is closed with the rest. */
  startMetadataServer(
    account: Omit<MetadataOptions, "projectId" | "issue" | "accessToken">,
  ): Promise<HttpServer>;
  close(): Promise<void>;
}

const paths = {
  discovery: "/.well-known/openid-configuration",
  jwks: "/oauth2/v3/certs",
  certificates: "/oauth2/v1/certs",
} as const;

/** Starts the OIDC issuer on loopback. */
export async function startIdentity(options: IdentityOptions): Promise<Identity> {
  const issuer = await openIssuer(options.dataFolder);
  const keys = options.keys ?? (await openAccountKeys(options.dataFolder, []));
  const tokens = new AccessTokens();
  const server = await startHttpServer(async (request, response, url) => {
    if (isSignBlob(url)) return await answerSignBlob({ tokens, keys }, { request, response }, url);
    if (request.method !== "GET") throw new HttpError(405, "methodNotAllowed", "GET only.");
    const document = documentAt(url, issuer);
    if (document === null) throw new HttpError(404, "notFound", "There is nothing here.");
    response.setHeader("cache-control", "public, max-age=300");
    sendJson(response, 200, document);
  }, options.port);
  const metadataServers: HttpServer[] = [];
  const issue = (request: IdTokenRequest) => issuer.issue(server.url, request);
  const accessToken = (email: string) => tokens.issue(email);
  return {
    port: server.port,
    issuer: server.url,
    jwksUrl: `${server.url}${paths.jwks}`,
    credentialsHost: `127.0.0.1:${server.port}`,
    issue,
    async startMetadataServer(account) {
      const { projectId } = options;
      const metadata = await startMetadata({ ...account, projectId, issue, accessToken });
      metadataServers.push(metadata);
      return metadata;
    },
    async close() {
      await Promise.all([server, ...metadataServers].map((each) => each.close()));
    },
  };
}

function documentAt(url: URL, issuer: Issuer): object | null {
  switch (url.pathname) {
    case paths.jwks:
      return issuer.jwks;
    case paths.certificates:
      return issuer.certificates;
    case paths.discovery:
      return {
        issuer: url.origin,
        jwks_uri: `${url.origin}${paths.jwks}`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        claims_supported: ["aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"],
      };
    default:
      return null;
  }
}
