import * as z from "zod";
import type { Route } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";
import { things } from "./run-request.ts";

/** What a route of a test declares that asks for nothing and is limited by nothing. */
export const plainRoute = {
  summary: "",
  scope: "none",
  params: z.object({}),
  query: z.object({}),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "none",
  beforeConfirmed: "reads",
} as const;

/** The same for a change that makes a thing. */
export const plainChange = {
  ...plainRoute,
  account: "none",
  audit: "thing.made",
  reply: { 201: z.object({ id: z.string() }) },
} as const;

/** The route as it is declared, with steps that only note that they were taken. */
export function watched(route: Route, steps: string[]): Route {
  const step = (name: string) => async () => {
    steps.push(name);
    return { status: 200, body: {} };
  };
  const declared = { ...route, params: z.unknown(), query: z.unknown(), body: "none" };
  const all = ["read", "prepare", "perform", "after", "answerAfter"].map((name) => [
    name,
    step(name),
  ]);
  const decide = () => {
    steps.push("decide");
    const writes = [create(things.doc("a"), { name: "a" })];
    return { writes, subject: "a", reply: { status: 200, body: {} } };
  };
  const answer = () => {
    steps.push("answer");
    return { status: 200, body: {} };
  };
  // What depends on a body has none to look at.
  const own = { idempotency: undefined, needsToo: undefined, decide, answer };
  return { ...declared, ...Object.fromEntries(all), ...own } as never;
}
