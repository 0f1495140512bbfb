/** A container's metadata server, which speaks for one service account. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HttpError, type HttpServer, requireOwnUser, startHttpServer } from "../lib/http.ts";
import type { AccessToken } from "./access-tokens.ts";
import type { IdTokenRequest } from "./issuer.ts";

export interface MetadataOptions {
  /** The service account's address. */
  readonly email: string;
  readonly projectId: string;
  readonly port?: number | undefined;
  /** Whether it is a function's. Containers have users of their own, who alone ask theirs. */
  readonly isForOwnUser?: boolean;
  issue(request: IdTokenRequest): Promise<string>;
  accessToken(email: string): AccessToken;
}

const root = "/computeMetadata/v1";
const audienceLengthMax = 2_000;

/** Starts it on loopback; clients find it through `GCE_METADATA_HOST`. */
export async function startMetadata(options: MetadataOptions): Promise<HttpServer> {
  return await startHttpServer(async (request, response, url) => {
    checkCaller(request);
    if (options.isForOwnUser) await requireOwnUser(request);
    const answer = await answerTo(url, options);
    if (answer === null) throw new HttpError(404, "notFound", "There is no such metadata.");
    send(response, answer);
  }, options.port);
}

/** A browser, or a proxy that forwards for someone, can't send this header. */
function checkCaller(request: IncomingMessage): void {
  if (request.method !== "GET") throw new HttpError(405, "methodNotAllowed", "GET only.");
  if (request.headers["metadata-flavor"] !== "Google") {
    throw new HttpError(403, "forbidden", "Missing Metadata-Flavor:Google header.");
  }
  if (request.headers["x-forwarded-for"] !== undefined) {
    throw new HttpError(403, "forbidden", "A forwarded request isn't answered.");
  }
}

async function answerTo(url: URL, options: MetadataOptions): Promise<string | object | null> {
  const { email, projectId } = options;
  const path = url.pathname.replace(`/service-accounts/${email}/`, "/service-accounts/default/");
  switch (path) {
    case `${root}/instance`:
    case `${root}/instance/`:
      return "service-accounts/\n";
    case `${root}/project/project-id`:
      return projectId;
    case `${root}/universe/universe-domain`:
      return "googleapis.com";
    case `${root}/instance/service-accounts/default/email`:
      return email;
    case `${root}/instance/service-accounts/default/token`:
      // It signs for the account and opens nothing else; ID tokens decide what an account may do.
      return options.accessToken(email);
    case `${root}/instance/service-accounts/default/identity`:
      return await options.issue({ email, audience: audienceOf(url) });
    default:
      return null;
  }
}

function audienceOf(url: URL): string {
  const audience = url.searchParams.get("audience") ?? "";
  if (audience === "" || audience.length > audienceLengthMax) {
    throw new HttpError(400, "invalid", "Name the audience the token is for.");
  }
  return audience;
}

function send(response: ServerResponse, answer: string | object): void {
  const isText = typeof answer === "string";
  response.writeHead(200, {
    "content-type": isText ? "application/text" : "application/json",
    "metadata-flavor": "Google",
    "cache-control": "no-store",
  });
  response.end(isText ? answer : JSON.stringify(answer));
}
