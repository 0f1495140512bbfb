/**
 * Whatever field or parameter the public API publishes is known to the route that answers it: it
 * works, is refused, or is warned of by its name. None is dropped because nobody wrote it down.
 */
import { readFileSync } from "node:fs";
import findMyWay, { type HTTPMethod } from "find-my-way";
import { expect, test } from "vitest";
import * as z from "zod";
import { fieldsOf } from "#shared/pipeline/ignored-fields";
import { isOffered } from "#shared/pipeline/not-offered";
import type { Route } from "#shared/pipeline/route";
import { routes } from "./security/support/table.ts";

const Published = z.record(
  z.string(),
  z.object({ query: z.array(z.string()), body: z.array(z.string()) }),
);
const published = Published.parse(
  JSON.parse(readFileSync(new URL("contract/fields.json", import.meta.url), "utf8")),
);

/** Fields that no schema names; the warning of unknown fields does. */
const unnamed = ["POST /billing/admin/{userId}/top-up: metadata"];

const router = findMyWay({ maxParamLength: 2_048 });
for (const { route, visibility } of routes) {
  if (visibility !== "edge") continue;
  for (const path of route.paths) router.on(route.method as HTTPMethod, path, () => {}, route);
}

/** The route that answers an operation of the public API; null if none does anything for it. */
function routeOf(operation: string): Route | null {
  const [method = "", path = ""] = operation.replace(" /admin/keys", " /v1/keys").split(" ");
  const found = router.find(method as HTTPMethod, path.replace(/\{\w+\}/g, "x"));
  const route = found?.store as Route | undefined;
  return route && isOffered(route) && Object.keys(route.reply).length > 0 ? route : null;
}

/** Whether the schema knows the field `path`, such as `secrets.key`; an open one knows any. */
function knows(schemas: readonly z.ZodType[], [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  const forms = schemas.map(fieldsOf);
  if (forms.some((fields) => fields === null)) return true;
  const within = forms.flatMap((fields) => fields?.get(name) ?? []);
  return within.length > 0 && knows(within, rest);
}

function unknownOf(operation: string): string[] {
  const route = routeOf(operation);
  const { query = [], body = [] } = published[operation] ?? {};
  if (!route) return [];
  const inQuery = query.filter((name) => !knows([route.query], [name]));
  const schemas = typeof route.body === "string" ? [z.object({})] : [route.body];
  // The form of an upload is no JSON, and its route reads it itself.
  const inBody =
    route.body === "raw" ? [] : body.filter((path) => !knows(schemas, path.split(".")));
  return [...inQuery.map((name) => `?${name}`), ...inBody].map((name) => `${operation}: ${name}`);
}

test("no published field or parameter of an operation is dropped silently", () => {
  const operations = Object.keys(published);
  expect(operations.filter((operation) => routeOf(operation)).length).toBeGreaterThan(80);
  expect(operations.flatMap(unknownOf)).toEqual(unnamed);
});
