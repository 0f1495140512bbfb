/**
 * A fake of the Google interfaces that a deployment calls over REST, all on one port, each under
 * its host's name. Supported: the caller's identity, project, billing, services, permissions,
 * quotas, organisation policies, public DNS, DNS authorizations and certificates, addresses,
 * buckets and objects (creation with `ifGenerationMatch=0`, listing by prefix, download),
 * Firestore's list of databases and what it builds in them, KMS rings, keys and versions, secrets'
 * versions and policies, images' tags, tokens of accounts, service agents, the exchange of a
 * workload's token, the default network. Errors have Google's form, with `SERVICE_DISABLED`. A
 * clock that only the program's waits move decides when grants, indexes and certificates are there.
 * Not supported: paging (everything is on the first page), etags, long-running operations,
 * validation of tokens.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HttpError, readText, sendJson, startHttpServer } from "../../local/lib/http.ts";
import { answersOf } from "./google-answers.ts";
import { standInAnswer } from "./google-stand-in.ts";
import type { GoogleRequest, GoogleWorld } from "./google-world.ts";

export interface StandIn {
  readonly url: string;
  readonly world: GoogleWorld;
  /** All calls so far that would have changed something. */
  changes(): readonly GoogleRequest[];
  close(): Promise<void>;
}

const bodyBytesMax = 8 * 1024 * 1024;
/** These change nothing, whatever their method. */
const harmless = /:testIamPermissions$|\/v1\/token$|:generateIdToken$/;

export async function startGoogle(world: GoogleWorld): Promise<StandIn> {
  const changes: GoogleRequest[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const [, host = "", ...rest] = url.pathname.split("/");
    const body = await readText(request, bodyBytesMax);
    const asked = { method: request.method ?? "GET", host, path: `/${rest.join("/")}`, body };
    const own = standInAnswer(world, asked, url.searchParams);
    if (own !== null) {
      sendJson(response, 200, own);
      return;
    }
    if (asked.method !== "GET" && !harmless.test(asked.path)) changes.push(asked);
    const answer = answersOf(world, asked, url.searchParams);
    if (answer === null) throw new HttpError(404, "notFound", `no ${asked.method} ${url.pathname}`);
    if (typeof answer === "string") {
      response.writeHead(200, { "content-type": "application/json" }).end(answer);
      return;
    }
    sendJson(response, answer.status, answer.json);
  };
  const server = await startHttpServer(handle);
  return { url: server.url, world, changes: () => changes, close: () => server.close() };
}
