import { noParams, noQuery } from "../contract/common.ts";

/** What all routes declare that anybody may call; those that take something declare it as well. */
export const publicRead = {
  authenticate: "public",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "public",
} as const;
