/** What every route has to declare. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { parseQuery } from "#shared/pipeline/parse";
import type { Route } from "#shared/pipeline/route";
import type { Service } from "#shared/pipeline/service";
import { functionNames } from "../scripts/build/entries.ts";
import { bodyFor, idFieldsOf, pathFor } from "./security/support/samples.ts";
import { routes as tableRoutes } from "./security/support/table.ts";

const routes = tableRoutes.map(({ route }) => route);

/** What a route counts as follows from what it does; a change that is refused may count as one. */
function classesOf(route: Route): Route["requestClass"][] {
  const { authenticate, paths, method } = route;
  const account = route.kind === "change" ? route.account : null;
  if (authenticate === "public") return ["public"];
  if (authenticate === "webhook") return ["writes"];
  if (authenticate !== "api-key" && !authenticate.endsWith("operator")) return ["none"];
  if (account === "hold") return ["executions"];
  if (account === "closing" && authenticate === "api-key") return ["closings"];
  if (paths.some((path) => /\/secrets(?:\/|$)/.test(path))) return ["secrets"];
  if (route.kind === "change") return ["writes"];
  return method === "GET" ? ["reads"] : ["reads", "writes"];
}

/**
 * What is in URLs besides ids, numbers and words of a fixed list: names of the client's own, and
 * marks that open nothing without a key.
 */
const plainNames = new Set<string>([
  // Instants and days, an event's number, a place in a list.
  ...["startDate", "endDate", "createdAfter", "from", "to", "since", "until", "after", "cursor"],
  // Files, and names of secrets, which aren't secret.
  ...["path", "prefix", "*", "key"],
  // What rows are about, and hashes of what is encrypted by its owner's key.
  ...["action", "operation", "subject", "sha256"],
  // What a provider's own client puts there: a method, a format, a switch.
  ...["call", "alt", "beta"],
  // Where a trigger's webhooks go; their sender must sign as well.
  "address",
  // Ids that a route which isn't offered doesn't look at.
  ...["environmentId", "threadId", "userId", "sessionId"],
  // A client's own labels, and an id with a number behind it.
  ...["projectId", "appId", "stepId"],
  // An id that is looked up like one in the path.
  ...["agentId"],
]);

function isNumber(property: unknown): boolean {
  return /^(?:number|integer)$/.test(
    z.object({ type: z.string() }).safeParse(property).data?.type ?? "",
  );
}

/** Whether a parameter takes texts that are neither an id nor one of some words. */
function isText(property: unknown): boolean {
  const { type, enum: words, pattern, anyOf, oneOf } = property as Record<string, unknown>;
  const ways = (anyOf ?? oneOf) as readonly unknown[] | undefined;
  if (ways) return ways.some(isText);
  return type === "string" && words === undefined && !/^\^[a-z]+_\[/.test(String(pattern));
}

describe("DAT-4 every function", () => {
  test.each(functionNames("."))(
    "%s ends its calls before a deleted account is erased",
    async (name) => {
      const { service }: { service: Service } = await import(`../functions/${name}/index.ts`);
      const { cancelMs } = DeploymentLimits.shape.accountDeletion.parse({});
      const least = DeploymentLimits.safeParse({
        accountDeletion: { cancelMs: 1_000 * service.limits.timeoutSeconds },
      });
      expect([service.limits.timeoutSeconds * 1_000 < cancelMs, least.success]).toEqual([
        true,
        false,
      ]);
    },
  );
});

describe("every route", () => {
  test.each(tableRoutes)("$title can be tried by the suite of strangers", (route) => {
    expect(pathFor(route)).not.toMatch(/\/:/);
    bodyFor(route);
    idFieldsOf(route);
  });

  test.each(routes)("$endpoint counts as what it does", (route) => {
    expect(classesOf(route)).toContain(route.requestClass);
  });

  const numbers = routes.flatMap(({ endpoint, query }) => {
    const { properties = {} } = z.toJSONSchema(query, { unrepresentable: "any", io: "input" });
    return Object.entries(properties).flatMap(([name, property]) =>
      isNumber(property) ? [{ endpoint, query, name }] : [],
    );
  });
  test.each(numbers)("$endpoint takes nothing else for its number $name", ({ query, name }) => {
    for (const text of ["", " ", "0x10", "1e1", "+1"]) {
      const parse = () => parseQuery(query, new URLSearchParams([[name, text]]));
      expect(parse).toThrowError(expect.objectContaining({ code: "VALIDATION_FAILED" }));
    }
  });

  // Every request's URL is in the load balancer's log, and who reads logs mustn't be able to act.
  test("has no place for a secret in its URL, unless the list above says what it is", () => {
    const places = tableRoutes.flatMap(({ title, route: { params, query } }) =>
      [params, query].flatMap((schema) => {
        const { properties = {} } = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" });
        const texts = Object.entries(properties).filter(([, property]) => isText(property));
        return texts.map(([name]) => ({ title, name }));
      }),
    );
    expect(places.filter(({ name }) => !plainNames.has(name))).toEqual([]);
    expect(new Set(places.map(({ name }) => name))).toEqual(plainNames);
  });
});

interface Part {
  readonly _zod: { readonly def: Readonly<Record<string, unknown>> };
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** The forms within a schema that a client isn't told when its text doesn't have them. */
function untoldForms(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value !== "object" || value === null || seen.has(value)) return [];
  seen.add(value);
  if (!isPart(value)) return Object.values(value).flatMap((part) => untoldForms(part, seen));
  const { def } = value._zod;
  const isForm = def.format === "regex" || def.type === "custom";
  const own = isForm && def.error === undefined ? [String(def.pattern ?? "a refinement")] : [];
  const parts = def.type === "lazy" ? [] : Object.values(def);
  return [...own, ...parts.flatMap((part) => untoldForms(part, seen))];
}

test("what a client writes in another form than asked for is told which", () => {
  const told = tableRoutes
    .filter(({ visibility }) => visibility === "edge")
    .flatMap(({ title, route }) =>
      [route.query, route.body].flatMap((schema) =>
        untoldForms(schema).map((form) => `${title}: ${form}`),
      ),
    );
  expect(told).toEqual([]);
});
