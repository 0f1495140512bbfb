/** Checks every answer that a test gets against what its route declares. */
import type { IncomingHttpHeaders } from "node:http";
import findMyWay, { type HTTPMethod } from "find-my-way";
import type { Route } from "#shared/pipeline/route";
import type { Service } from "#shared/pipeline/service";
import { functionNames } from "../../scripts/build/entries.ts";

const router = findMyWay({ maxParamLength: 2_048 });
for (const name of functionNames(".")) {
  const { service }: { service: Service } = await import(`../../functions/${name}/index.ts`);
  for (const route of service.routes) {
    for (const path of route.paths) router.on(route.method as HTTPMethod, path, () => {}, route);
  }
}

interface CheckedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** @throws if a route answered an undeclared status, or a body that doesn't match its schema. */
export function checkReply(method: string, path: string, answer: CheckedAnswer) {
  // HEAD has no body to check.
  if (answer.status >= 400 || method === "HEAD") return;
  const found = router.find(method as HTTPMethod, path.split("?")[0] ?? path);
  if (!found) return;
  const { endpoint, reply } = found.store as Route;
  const declared = reply[answer.status];
  if (!declared) throw new Error(`${endpoint} answered ${answer.status}, which it doesn't declare`);
  if (typeof declared === "string") return;
  const parsed = declared.safeParse(bodyOf(answer));
  if (!parsed.success)
    throw new Error(`${endpoint} answered another shape: ${parsed.error.message}`);
}

/** A list may be sent as lines, which are its items; a link header then stands for its cursor. */
function bodyOf({ headers, text }: CheckedAnswer): unknown {
  if (headers["content-type"] !== "application/x-ndjson") return JSON.parse(text);
  const data = text
    .split("\n")
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
  return { object: "list", data, has_more: headers.link !== undefined, next_cursor: null };
}
