/** Which functions a front stands before: the list that was built with it says. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { isPublicPath, type RouteTable, routeTableOf } from "../route-table.ts";

/** `edge` for clients; `gateways` for runners, which call the internal functions. */
export type Side = "edge" | "gateways";

const List = z.object({
  functions: z.record(
    z.string(),
    z.object({
      visibility: z.enum(["edge", "internal"]),
      routes: z.array(
        z.object({ method: z.string(), paths: z.array(z.string()), authenticate: z.string() }),
      ),
    }),
  ),
});

/**
 * The routes of one side. What Scheduler calls belongs to neither: it calls those at their own
 * addresses. Nothing below `/internal` is the public's, whichever function declares it.
 */
export function servedRoutes(side: Side, listPath: string): RouteTable {
  const { functions } = List.parse(JSON.parse(readFileSync(listPath, "utf8")));
  const served = Object.entries(functions).flatMap(([name, { visibility, routes }]) => {
    const isPublic = visibility === "edge";
    const isScheduled = routes.some(({ authenticate }) => authenticate === "scheduler");
    if (isPublic !== (side === "edge") || (!isPublic && isScheduled)) return [];
    const listed = routes.map(({ method, paths }) => ({
      method,
      paths: isPublic ? paths.filter(isPublicPath) : paths,
    }));
    return [[name, listed] as const];
  });
  return routeTableOf(Object.fromEntries(served));
}
