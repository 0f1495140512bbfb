/** The routes that do something behind the edge, with their functions and their names. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isOffered } from "#shared/pipeline/not-offered";
import type { Route } from "#shared/pipeline/route";
import type { Service } from "#shared/pipeline/service";
import { functionNames } from "../build/entries.ts";

export interface DescribedRoute {
  readonly route: Route;
  /** The function that answers it, such as `agents`. */
  readonly functionName: string;
  /** The name of its value, such as `createAgent`; `adminListIncidents` if it is for operators. */
  readonly operationId: string;
}

/**
 * Internal functions are left out: nothing outside of the deployment can reach them.
 * @throws if a route is exported by no module, or two have one name.
 */
export async function describedRoutes(root: string): Promise<DescribedRoute[]> {
  const described: DescribedRoute[] = [];
  for (const functionName of functionNames(root)) {
    const folder = join(root, "functions", functionName);
    const { service } = (await load(join(folder, "index.ts"))) as { service: Service };
    if (service.visibility !== "edge") continue;
    const names = await exportedNames(folder);
    for (const route of service.routes) {
      if (!isOffered(route)) continue;
      const name = names.get(route);
      if (name === undefined) throw new Error(`${route.endpoint} is exported by no module`);
      const operationId = functionName === "admin" ? forOperators(name) : name;
      const other = described.find((one) => one.operationId === operationId);
      if (other) throw new Error(`${operationId} is ${route.endpoint} and ${other.route.endpoint}`);
      described.push({ route, functionName, operationId });
    }
  }
  return described;
}

/** Owners and operators list the same things, so what is for operators says so. */
function forOperators(name: string): string {
  return `admin${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

async function exportedNames(folder: string): Promise<ReadonlyMap<unknown, string>> {
  const files = readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const modules = await Promise.all(files.map(async (file) => await load(join(folder, file))));
  return new Map(
    modules.flatMap((module) => Object.entries(module).map(([name, value]) => [value, name])),
  );
}

async function load(file: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}
