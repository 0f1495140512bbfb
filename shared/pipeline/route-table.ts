/** Which function a request is for, decided by the functions' own lists of routes. */
import findMyWay from "find-my-way";
import { ApiError } from "../errors/api-error.ts";
import { methodNotAllowed } from "../errors/method-not-allowed.ts";
import { noSuchRoute } from "../errors/no-such-route.ts";
import { allowHeader, routedMethod } from "../http/methods.ts";

/** Where a request goes. */
export type Routed =
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "wrong-method"; readonly allow: string }
  | { readonly kind: "unknown" };

export type RouteTable = (method: string, path: string) => Routed;

/** What a table is made of: a function's name, and each method with every path it answers. */
export type RoutesByFunction = Readonly<
  Record<string, readonly { readonly method: string; readonly paths: readonly string[] }[]>
>;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The router needs a handler per route; ours keeps the function's name in the route's store. */
function unused(): void {}

export function routeTableOf(functions: RoutesByFunction): RouteTable {
  // The same settings as in the functions' own router, so that both read a path alike.
  const router = findMyWay({
    caseSensitive: true,
    ignoreTrailingSlash: false,
    maxParamLength: 2_048,
  });
  for (const [name, routes] of Object.entries(functions)) {
    for (const { method, paths } of routes) {
      const known = methods.find((one) => one === method);
      for (const path of known ? paths : []) router.on(known ?? "GET", path, unused, name);
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

/** Whether a path is the public's: nothing below `/internal` is, whichever function declares it. */
export function isPublicPath(path: string): boolean {
  return !/^\/(v1\/)?internal(\/|$)/.test(path);
}

/** @param target A path with its query. @throws {ApiError} if no function takes it. */
export function functionFor(routes: RouteTable, method: string, target: string): string {
  if (!/^\/[!-~]*$/.test(target) || /[#\\]/.test(target)) throw new ApiError("MALFORMED_URL");
  const [path = "/"] = target.split("?");
  try {
    decodeURIComponent(path);
  } catch (cause) {
    throw new ApiError("MALFORMED_URL", { cause });
  }
  const found = routes(method, path);
  if (found.kind === "unknown") throw noSuchRoute();
  if (found.kind === "wrong-method") throw methodNotAllowed(found.allow);
  return found.name;
}
