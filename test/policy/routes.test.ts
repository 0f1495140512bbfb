/** The planned URL maps lead every route to the function that owns it. */
import { describe, expect, test } from "vitest";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isPlanned, planOf } from "./support/plan.ts";
import { routerOf } from "./support/url-map.ts";

const { functions } = await listFunctions(repositoryRoot);

/** A path that matches one of our patterns, with words for its parameters. */
const sampleOf = (pattern: string) =>
  pattern.replaceAll(/:[A-Za-z0-9_]+/g, "any_Thing-1").replace(/\*$/, "a/b c.ts");

const pathsOf = (visibility: string) =>
  Object.entries(functions)
    .filter(([, listed]) => listed.visibility === visibility)
    .flatMap(([name, { routes }]) =>
      [...new Set(routes.flatMap(({ paths }) => paths))].map((path) => ({ name, path })),
    );

describe.skipIf(!isPlanned)("the edge's URL map", () => {
  const lead = (path: string) => {
    const { values } = planOf("main").resource("module.edge.google_compute_url_map.default");
    return routerOf(values)("api.example.com", path);
  };

  test.each(pathsOf("edge"))("leads $path to $name", ({ name, path }) => {
    expect(lead(sampleOf(path))).toBe(`edge-${name}`);
  });

  test.each(pathsOf("internal"))("leads $path nowhere", ({ path }) => {
    expect(lead(sampleOf(path))).toBe("edge-meta");
  });

  test.each([
    "/",
    "/v1",
    "/v1/",
    "/v2/threads",
    "/v1/nothing",
    "/internal",
    "/v1/internal/maintenance/reaper",
    "//v1/threads",
    "/V1/threads",
  ])("leads %s, which nobody owns, to our own 404", (path) => {
    expect(lead(path)).toBe("edge-meta");
  });

  test("leads other hosts there too", () => {
    const { values } = planOf("main").resource("module.edge.google_compute_url_map.default");
    expect(routerOf(values)("203.0.113.1", "/v1/threads")).toBe("edge-meta");
  });
});

describe.skipIf(!isPlanned)("the gateways' URL map", () => {
  const gateways = pathsOf("internal").filter(({ name }) =>
    functions[name]?.routes.every(({ everyMs }) => everyMs === null),
  );

  test.each(gateways)("leads $path to $name", ({ name, path }) => {
    const { values } = planOf("main").resource(
      "module.network.google_compute_region_url_map.gateways",
    );
    expect(routerOf(values)("gateway.api.example.com", sampleOf(path))).toBe(`gateway-${name}`);
  });
});
