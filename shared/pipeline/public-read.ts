import { noParams, noQuery } from "../contract/common.ts";

/** What all routes declare that anybody may read; those with parameters declare these as well. */
export const publicRead = {
  authenticate: "public",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "none",
} as const;
