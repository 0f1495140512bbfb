/**
 * Routes of the public API for parts that this product doesn't have. They say so with a code of
 * their own: a 404 would look like a wrong address, and a made-up answer would mislead.
 */
import * as z from "zod";
import { ApiError } from "../errors/api-error.ts";
import { publicRead } from "./public-read.ts";
import { type QueryRoute, query, type Route } from "./route.ts";

type Endpoint = Route["endpoint"];

/** @param what begins a sentence, such as "Tasks aren't". */
export function notOffered(endpoint: Endpoint, what: string): QueryRoute {
  const message = `${what} offered by this deployment.`;
  const names = [...endpoint.matchAll(/:(\w+)|\*/g)].map(([all, name = all]) => name);
  return query({
    ...publicRead,
    endpoint,
    summary: `Refused: ${what} offered.`,
    params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
    refusals: ["NOT_OFFERED"],
    reply: {},
    read: "nothing",
    answer: (): never => {
      throw new ApiError("NOT_OFFERED", { message });
    },
  });
}

/** Whether the route does something, rather than only say that it isn't there. */
export function isOffered({ refusals = [] }: Pick<Route, "refusals">): boolean {
  return !refusals.includes("NOT_OFFERED");
}
