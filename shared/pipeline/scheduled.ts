import { noParams, noQuery } from "../contract/common.ts";
import { jsonBytesMax } from "./route.ts";

/** What all actions declare that the scheduler calls: it sends nothing, and isn't limited. */
export const scheduled = {
  authenticate: "scheduler",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "none",
  beforeConfirmed: "nothing",
  read: "nothing",
} as const;
