/** Every route, from the functions' own declarations, with what to send to each. */
import { isOffered } from "#shared/pipeline/not-offered";
import type { Route } from "#shared/pipeline/route";
import type { Service } from "#shared/pipeline/service";
import { functionNames } from "../../../scripts/build/entries.ts";

export interface TableRoute {
  /** The function that answers it. */
  readonly name: string;
  readonly visibility: Service["visibility"];
  readonly route: Route;
  readonly title: string;
  readonly method: string;
  readonly path: string;
}

export const routes: readonly TableRoute[] = (
  await Promise.all(
    functionNames(".").map(async (name) => {
      const { service }: { service: Service } = await import(`../../../functions/${name}/index.ts`);
      const { visibility } = service;
      return service.routes.map((route) => {
        const { method, endpoint } = route;
        const path = endpoint.slice(method.length + 1);
        return { name, visibility, route, title: endpoint, method, path };
      });
    }),
  )
).flat();

const shown = (authentication: RegExp) =>
  routes.filter(({ route }) => authentication.test(route.authenticate));

export const keyRoutes = shown(/^api-key$/);
export const operatorRoutes = shown(/operator$/);
export const publicRoutes = shown(/^public$/).filter(({ route }) => isOffered(route));
export const internalRoutes = routes.filter(({ visibility }) => visibility === "internal");
export const edgeFunctions = [
  ...new Set(routes.filter(({ visibility }) => visibility === "edge").map(({ name }) => name)),
];
