/** Checks every answer that a test gets against what its route declares. */
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

/** @throws if a route answered an undeclared status, or a body that doesn't match its schema. */
export function checkReply(method: string, path: string, answer: { status: number; text: string }) {
  // HEAD has no body to check.
  if (answer.status >= 400 || method === "HEAD") return;
  const found = router.find(method as HTTPMethod, path.split("?")[0] ?? path);
  if (!found) return;
  const { endpoint, reply } = found.store as Route;
  const declared = reply[answer.status];
  if (!declared) throw new Error(`${endpoint} answered ${answer.status}, which it doesn't declare`);
  if (typeof declared === "string") return;
  const parsed = declared.safeParse(JSON.parse(answer.text));
  if (!parsed.success)
    throw new Error(`${endpoint} answered another shape: ${parsed.error.message}`);
}
