/** What every route has to state, whoever adds it. */
import { describe, expect, test } from "vitest";
import type { Route } from "#shared/pipeline/route";
import { listFunctions } from "../scripts/build/function-list.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";

const { functions } = await listFunctions(repositoryRoot);
const services = await Promise.all(
  Object.keys(functions).map(
    async (name) => (await import(`../functions/${name}/index.ts`)).service,
  ),
);
const routes: readonly Route[] = services.flatMap((service) => service.routes);

/** What a route counts as follows from what it does. */
function classOf({ authenticate, paths, budget, audit }: Route): Route["limits"] {
  if (authenticate !== "api-key" && !authenticate.endsWith("operator")) return "none";
  if (budget === "hold") return "executions";
  if (paths.some((path) => /\/secrets(?:\/|$)/.test(path))) return "secrets";
  return audit === "none" ? "reads" : "writes";
}

describe("every route", () => {
  test.each(routes)("$answers counts as what it does", (route) => {
    expect(route.limits).toBe(classOf(route));
  });
});
