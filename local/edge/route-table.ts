import findMyWay from "find-my-way";
import { allowHeader, routedMethod } from "#shared/http/methods";
import type { FunctionManifest } from "../functions/manifest.ts";

/** Where a request goes, decided like the load balancer's URL map. */
export type Routed =
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "wrong-method"; readonly allow: string }
  | { readonly kind: "unknown" };

export type RouteTable = (method: string, path: string) => Routed;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The router needs a handler per route; ours keeps the function's name in the route's store. */
function unused(): void {}

/**
 * The manifest's public routes. Internal functions aren't in the table, and neither is any path
 * below `/internal`, even if a public function declares it.
 */
export function routeTable(manifest: FunctionManifest): RouteTable {
  // The same settings as in the functions' own router, so that both read a path alike.
  const router = findMyWay({
    caseSensitive: true,
    ignoreTrailingSlash: false,
    maxParamLength: 2_048,
  });
  for (const [name, { visibility, routes }] of Object.entries(manifest.functions)) {
    if (visibility !== "edge") continue;
    for (const { method, paths } of routes) {
      for (const path of paths.filter(isPublic)) router.on(method, path, unused, name);
    }
  }
  return (method, path) => {
    const asked = routedMethod(method);
    const known = methods.find((one) => one === asked);
    const found = known && router.find(known, path);
    if (found) return { kind: "function", name: String(found.store) };
    const allowed = methods.filter((other) => router.find(other, path));
    if (allowed.length === 0) return { kind: "unknown" };
    return { kind: "wrong-method", allow: allowHeader(allowed) };
  };
}

function isPublic(path: string): boolean {
  return !/^\/(v1\/)?internal(\/|$)/.test(path);
}
