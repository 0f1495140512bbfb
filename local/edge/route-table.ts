import { isPublicPath, type RouteTable, routeTableOf } from "#shared/pipeline/route-table";
import type { FunctionManifest } from "../functions/manifest.ts";

/**
 * The manifest's public routes, decided like the load balancer's URL map. Internal functions aren't
 * in the table, and neither is any path below `/internal`, even if a public function declares it.
 */
export function routeTable(manifest: FunctionManifest): RouteTable {
  const open = Object.entries(manifest.functions).flatMap(([name, { visibility, routes }]) => {
    if (visibility !== "edge") return [];
    const listed = routes.map(({ method, paths }) => ({
      method,
      paths: paths.filter(isPublicPath),
    }));
    return [[name, listed] as const];
  });
  return routeTableOf(Object.fromEntries(open));
}
