/** The operations of the public API in docs/compatibility.md, and what becomes of each here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import findMyWay, { type HTTPMethod } from "find-my-way";
import * as z from "zod";
import { isOffered } from "#shared/pipeline/not-offered";
import type { Route } from "#shared/pipeline/route";
import type { Service } from "#shared/pipeline/service";
import { withSection } from "../../sim/pages.ts";
import { functionNames } from "../build/entries.ts";
import { differences, missing } from "./compatibility-notes.ts";
import { code, generatedNotice, table } from "./markdown.ts";

const Operations = z.array(
  z.object({
    /** Such as `GET /threads/{threadId}`. */
    operation: z.string(),
    group: z.string(),
    ring: z.enum(["core", "second", "far"]),
    /** Whether the public TypeScript client calls it. */
    client: z.boolean(),
  }),
);
export type Operation = z.infer<typeof Operations>[number];

export interface Notes {
  readonly differences: Readonly<Record<string, string>>;
  readonly missing: typeof missing;
}

export function contractOperations(root: string): Operation[] {
  return Operations.parse(
    JSON.parse(readFileSync(join(root, "test/contract/operations.json"), "utf8")),
  );
}

/** @throws for an operation that no route answers and no note names, and for a stale note. */
export async function renderCompatibility(root: string): Promise<string> {
  const text = readFileSync(join(root, "docs/compatibility.md"), "utf8");
  const operations = contractOperations(root);
  const rows = operationRows(operations, await routesOf(root), { differences, missing });
  const answered = rows.filter(([, , here]) => here === "yes" || here === "differs").length;
  const lines = [
    generatedNotice("test/contract/operations.json and the routes"),
    "",
    `Of ${operations.length} operations, ${answered} are answered. The client is the public one`,
    "for TypeScript; what it never calls is of interest to others alone.",
    "",
    ...table(["operation", "client calls it", "here", "why, or how"], rows),
  ];
  return withSection(text, { name: "operations", lines });
}

async function routesOf(root: string): Promise<Route[]> {
  const routes: Route[] = [];
  for (const name of functionNames(root)) {
    const { service }: { service: Service } = await import(`../../functions/${name}/index.ts`);
    if (service.visibility === "edge") routes.push(...service.routes);
  }
  return routes;
}

/** A row for each operation: its name, whether the client calls it, its state and why. */
export function operationRows(
  operations: readonly Operation[],
  routes: readonly Route[],
  notes: Notes,
): string[][] {
  const router = findMyWay({ maxParamLength: 2_048 });
  for (const route of routes) {
    for (const path of route.paths) router.on(route.method as HTTPMethod, path, () => {}, route);
  }
  const used = new Set<string>();
  const rows = operations.map(({ operation, client }) => {
    const [method = "", path = ""] = operation.split(" ");
    const found = router.find(method as HTTPMethod, path.replace(/\{\w+\}/g, "x"));
    const [here, why] = stateOf(operation, found?.store as Route | undefined, notes);
    if (here === "differs") used.add(operation);
    return [code(operation), client ? "yes" : "", here, why];
  });
  const stale = Object.keys(notes.differences).find((operation) => !used.has(operation));
  if (stale !== undefined) throw new Error(`compatibility-notes.ts: no route answers ${stale}`);
  return rows;
}

function stateOf(operation: string, route: Route | undefined, notes: Notes): [string, string] {
  if (!route) {
    const rule = notes.missing.find(({ operations }) => operations.test(operation));
    if (rule) return ["not offered", rule.why];
    throw new Error(`compatibility-notes.ts doesn't say why no route answers ${operation}`);
  }
  const reason = route.summary.replace(/^Refused: /, "").replace(/\.$/, "");
  if (!isOffered(route)) return ["not offered", `501: ${reason}`];
  if (Object.keys(route.reply).length === 0) return ["not offered", `422: ${reason}`];
  const why = notes.differences[operation];
  return why === undefined ? ["yes", ""] : ["differs", why];
}
