/** Checks every answer that a test gets against the document that describes the API. */
import type { IncomingHttpHeaders } from "node:http";
import findMyWay, { type HTTPMethod } from "find-my-way";
import type { Route } from "#shared/pipeline/route";
import type { Service } from "#shared/pipeline/service";
import { functionNames } from "../../scripts/build/entries.ts";
import { faultOf, findOperation } from "./api-document.ts";

/** What the document leaves out, which is checked against what its routes declare. */
const internal = findMyWay({ maxParamLength: 2_048 });
for (const name of functionNames(".")) {
  const { service }: { service: Service } = await import(`../../functions/${name}/index.ts`);
  if (service.visibility === "edge") continue;
  for (const route of service.routes) {
    for (const path of route.paths) internal.on(route.method as HTTPMethod, path, () => {}, route);
  }
}

interface CheckedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** @throws if a route answered an undeclared status or code, or a body that isn't as described. */
export function checkReply(method: string, path: string, answer: CheckedAnswer) {
  const described = findOperation(method, path);
  if (!described) return checkInternal(method, path, answer);
  const { status, headers, text } = answer;
  const [mediaType = ""] = (headers["content-type"] ?? "").split(";");
  const fault = faultOf(described, { status, mediaType, body: () => JSON.parse(text) });
  if (fault !== null) throw new Error(`${method} ${path} ${fault}`);
  if (mediaType === "application/x-ndjson") checkLines(text);
}

/** @throws if a line isn't a JSON value. */
function checkLines(text: string): void {
  for (const line of text.split("\n").slice(0, -1)) JSON.parse(line);
}

function checkInternal(method: string, path: string, { status, text }: CheckedAnswer): void {
  if (status >= 400) return;
  const found = internal.find(method as HTTPMethod, path.split("?")[0] ?? path);
  if (!found) return;
  const { endpoint, reply } = found.store as Route;
  const declared = reply[status];
  if (!declared) throw new Error(`${endpoint} answered ${status}, which it doesn't declare`);
  if (typeof declared === "string") return;
  const parsed = declared.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error(`${endpoint} answered another shape: ${parsed.error.message}`);
}
