/** What every route has to declare. */
import { describe, expect, test } from "vitest";
import type { Route } from "#shared/pipeline/route";
import { bodyFor, idFieldsOf, pathFor } from "./security/support/samples.ts";
import { routes as tableRoutes } from "./security/support/table.ts";

const routes = tableRoutes.map(({ route }) => route);

/** What a route counts as follows from what it does; a change that is refused may count as one. */
function classesOf(route: Route): Route["requestClass"][] {
  const { authenticate, paths, method } = route;
  const account = route.kind === "change" ? route.account : null;
  if (authenticate !== "api-key" && !authenticate.endsWith("operator")) return ["none"];
  if (account === "hold") return ["executions"];
  if (account === "closing" && authenticate === "api-key") return ["closings"];
  if (paths.some((path) => /\/secrets(?:\/|$)/.test(path))) return ["secrets"];
  if (route.kind === "change") return ["writes"];
  return method === "GET" ? ["reads"] : ["reads", "writes"];
}

describe("every route", () => {
  test.each(tableRoutes)("$title can be tried by the suite of strangers", (route) => {
    expect(pathFor(route)).not.toContain(":");
    bodyFor(route);
    idFieldsOf(route);
  });

  test.each(routes)("$endpoint counts as what it does", (route) => {
    expect(classesOf(route)).toContain(route.requestClass);
  });
});
